/** What every component of the stack is once started. `Config` is the part of the configuration it reads. */
export interface Component<Config> {
  /** Takes a new, already validated configuration; what did not change keeps its timers, caches and state. */
  reload(config: Config): Promise<void>
  /** True from when it does its work until `close`. */
  ready(): boolean
  /** Stops within a bounded time and loses nothing acknowledged. A second call waits for the first. */
  close(): Promise<void>
}
