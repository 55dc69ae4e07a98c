import type { Clock, TimerCallback } from '../clock.ts'
import type { DurationMs, Millis } from '../units.ts'

/** Turns of the event loop without any progress after which work that sleeps on the clock counts as waiting for it. */
const IDLE_TURNS = 20
/** Real time that work in flight may take before `advance` gives up. */
const STUCK_AFTER_MS = 10_000

interface Timer {
  readonly due: Millis
  readonly order: number
  readonly run: TimerCallback
}

/**
 * A clock that moves only when told to. `advance` fires timers one at a time in order of due time (of equals, the
 * earlier set first) and, before each next one, waits until the work that it started has ended or sleeps on this clock.
 */
export class VirtualClock implements Clock {
  #now: Millis
  readonly #start: Millis
  #order = 0
  #sleepers = 0
  #settled = 0
  readonly #timers = new Set<Timer>()
  readonly #inFlight = new Set<Promise<unknown>>()

  constructor(start: Millis = 0) {
    this.#now = start
    this.#start = start
  }

  now(): Millis {
    return this.#now
  }

  monotonic(): DurationMs {
    return this.#now - this.#start
  }

  setTimer(delay: DurationMs, run: TimerCallback): Disposable {
    const timer: Timer = { due: this.#now + Math.max(0, delay), order: this.#order++, run }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  sleep(delay: DurationMs, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      this.#sleepers++
      const timer = this.setTimer(delay, () => {
        this.#sleepers--
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      const abort = () => {
        this.#sleepers--
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Makes `advance` wait for work that no timer started, such as a request that a test sent. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work)
    const done = () => {
      this.#inFlight.delete(work)
      this.#settled++
    }
    work.then(done, done)
    return work
  }

  /** Moves time forward by `duration`, running what becomes due, and ends when all of it has ended. */
  async advance(duration: DurationMs): Promise<void> {
    const end = this.#now + duration
    await this.#quiet()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      const work = timer.run()
      if (work !== undefined) void this.track(work).catch(() => {})
      await this.#quiet()
    }
    this.#now = end
  }

  #next(end: Millis): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.due > end) continue
      if (first === undefined || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer
    }
    return first
  }

  async #quiet(): Promise<void> {
    // Reactions to a timer that are not tracked (a sleeper that goes on) run in these turns.
    await turn()
    const stuckAt = Date.now() + STUCK_AFTER_MS
    let idleTurns = 0
    let settled = this.#settled
    while (this.#inFlight.size > 0) {
      await turn()
      idleTurns = this.#settled === settled ? idleTurns + 1 : 0
      settled = this.#settled
      if (this.#sleepers > 0 && idleTurns >= IDLE_TURNS) return
      if (Date.now() > stuckAt)
        throw new Error(`virtual clock: ${this.#inFlight.size} pieces of work did not end within ${STUCK_AFTER_MS} ms`)
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
