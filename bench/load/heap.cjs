// Preloaded into a measured process with --expose-gc: a line with the seconds and the bytes that are live, every five seconds, to a file.
const { appendFileSync } = require("node:fs")
setInterval(() => {
  gc()
  appendFileSync(process.env.SKEIN_BENCH_HEAP, `${performance.now() / 1_000} ${process.memoryUsage().heapUsed}\n`)
}, 5_000).unref()
