/** Whether and why the process is to end. */
export interface Signals {
  /** Resolves with the reason at the first SIGINT or SIGTERM, or when `stop` is called. */
  readonly stopped: Promise<string>
  stop(reason: string): void
}

/** Calls `reload` at SIGHUP. A second SIGINT or SIGTERM ends the process at once. */
export function listenToSignals(reload: () => void): Signals {
  const { promise, resolve } = Promise.withResolvers<string>()
  let asked = false
  const onStop = (signal: NodeJS.Signals) => {
    if (asked) process.exit(130)
    asked = true
    resolve(signal)
  }
  process.on('SIGHUP', reload).on('SIGINT', onStop).on('SIGTERM', onStop)
  return { stopped: promise, stop: resolve }
}
