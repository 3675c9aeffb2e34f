/** Time that this thread had a processor: unlike the clock's, it does not grow while other processes run. */
export const processorMillis = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1000
}

/** The processor time of `run` in milliseconds; the least of `rounds`. */
export const leastMillis = (rounds: number, run: () => void): number => {
  const times = Array.from({ length: rounds }, () => {
    const start = processorMillis()
    run()
    return processorMillis() - start
  })
  return Math.min(...times)
}
