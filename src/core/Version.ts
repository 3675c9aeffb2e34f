/** The version of skein, as in package.json. Here, because a bundle and a library have that file in different places. */
export const version = "0.1.0"
