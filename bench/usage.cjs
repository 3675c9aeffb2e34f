// Preloaded into a measured process: writes its processor milliseconds and peak megabytes to descriptor 3 when it ends.
process.on("exit", () => {
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  require("node:fs").writeSync(3, JSON.stringify([(userCPUTime + systemCPUTime) / 1_000, maxRSS / 1_024]))
})
