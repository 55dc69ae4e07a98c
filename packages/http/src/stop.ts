import type { HttpError } from './client.ts'

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
