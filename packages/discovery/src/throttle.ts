import type { Clock, DurationMs } from '@promlet/model'

/** Runs something when asked to, but not twice within an interval: what is asked for too early is done at its end, once. */
export class Throttle implements Disposable {
  readonly #clock: Clock
  readonly #interval: DurationMs
  readonly #run: () => void
  #lastRun: number
  #timer: Disposable | undefined

  constructor(clock: Clock, interval: DurationMs, run: () => void) {
    this.#clock = clock
    this.#interval = interval
    this.#run = run
    this.#lastRun = -Infinity
    this.#timer = undefined
  }

  /** Gives false when the run had to be put off. */
  trigger(): boolean {
    if (this.#timer !== undefined) return false
    const rest = this.#lastRun + this.#interval - this.#clock.monotonic()
    if (rest <= 0) {
      this.now()
      return true
    }
    this.#timer = this.#clock.setTimer(rest, () => this.now())
    return false
  }

  /** Runs at once, whatever the interval says. */
  now(): void {
    this[Symbol.dispose]()
    this.#lastRun = this.#clock.monotonic()
    this.#run()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }
}
