/**
 * The JSON Schema validators, in a module of their own that is imported when a schema is used: they are large. A bundler gives
 * a CommonJS package that is imported directly at run time only its default export, so the names are taken here.
 */
import { Ajv, MissingRefError } from "ajv"
import formats from "ajv-formats"
import { Ajv2019 } from "ajv/dist/2019.js"
import { Ajv2020 } from "ajv/dist/2020.js"

export { Ajv, Ajv2019, Ajv2020, MissingRefError }
export const addFormats = formats.default
