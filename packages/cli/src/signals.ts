/** Calls `reload` at SIGHUP; resolves at the first SIGINT or SIGTERM. A second one ends the process at once. */
export function untilStopped(reload: () => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', reload)
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(130)
      stopping = true
      resolve(signal)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
