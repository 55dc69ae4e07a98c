import { HttpError } from './client.ts'

/**
 * Breaks off what is under way. An AbortController does the same with listeners that are added and removed for every
 * request, which was a tenth of a scrape.
 */
export class Stop {
  #reason: HttpError | undefined
  #onStop: ((reason: HttpError) => void) | undefined

  constructor() {
    this.#reason = undefined
    this.#onStop = undefined
  }

  /** Why it was stopped; undefined while it was not. */
  get reason(): HttpError | undefined {
    return this.#reason
  }

  /** Says what there is to break off now; who said so before is not asked any more. */
  watch(onStop: (reason: HttpError) => void): void {
    this.#onStop = onStop
    if (this.#reason !== undefined) onStop(this.#reason)
  }

  /** The first reason counts. */
  stop(reason: HttpError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#onStop?.(reason)
  }
}

/** What there is to stop when a signal aborts. A signal is mostly that of many requests, one after the other, and is listened to once. */
export class StopsBySignal {
  readonly #stops = new WeakMap<AbortSignal, Set<Stop>>()

  add(signal: AbortSignal, stop: Stop): void {
    if (signal.aborted) stop.stop(canceled())
    let stops = this.#stops.get(signal)
    if (stops === undefined) {
      const added = new Set<Stop>()
      stops = added
      this.#stops.set(signal, added)
      const stopAll = () => {
        for (const one of added) one.stop(canceled())
      }
      signal.addEventListener('abort', stopAll, { once: true })
    }
    stops.add(stop)
  }

  delete(signal: AbortSignal, stop: Stop): void {
    this.#stops.get(signal)?.delete(stop)
  }
}

function canceled(): HttpError {
  return new HttpError('aborted', 'context canceled')
}
