import type { DurationMs, Millis } from './units.ts'

/** What a timer runs. A virtual clock waits for the promise it gives before it moves on. */
export type TimerCallback = () => void | Promise<void>

/** Everything that waits or stamps goes through it, so that a test can hold time in its hand. */
export interface Clock {
  /** The wall clock: may jump, also backwards. */
  now(): Millis
  /** Never goes back; only differences mean something. */
  monotonic(): DurationMs
  /** Runs `run` once after `delay`; disposing before that cancels it. A failing `run` is the caller's to catch. */
  setTimer(delay: DurationMs, run: TimerCallback): Disposable
  /** Resolves after `delay`, or rejects with the signal's reason. */
  sleep(delay: DurationMs, signal?: AbortSignal): Promise<void>
}

/** A delay above this makes Node fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1

/** The machine's clock. The only place that calls `Date.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer,
  sleep(delay, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const timer = setTimer(delay, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      const abort = () => {
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  },
}

function setTimer(delay: DurationMs, run: TimerCallback): Disposable {
  return new SystemTimer(delay, run)
}

/** One that is far away takes several of Node's. */
class SystemTimer implements Disposable {
  readonly #run: TimerCallback
  #rest: DurationMs
  #handle: ReturnType<typeof setTimeout>

  constructor(delay: DurationMs, run: TimerCallback) {
    this.#run = run
    this.#rest = delay - DELAY_MAX_MS
    this.#handle = setTimeout(fire, Math.min(Math.max(0, delay), DELAY_MAX_MS), this)
  }

  fire(): void {
    if (this.#rest <= 0) {
      void this.#run()
      return
    }
    this.#handle = setTimeout(fire, Math.min(this.#rest, DELAY_MAX_MS), this)
    this.#rest -= DELAY_MAX_MS
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#handle)
  }
}

/** Not a closure per timer. */
const fire = (timer: SystemTimer): void => timer.fire()
