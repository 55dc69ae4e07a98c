import type { Millis, Refusals, SeriesRef } from '@promlet/model'

export type RefusalReason = 'outOfOrder' | 'duplicate' | 'tooOld' | 'tooFarInFuture' | 'unknownSeries'

const SENTENCES: Readonly<Record<RefusalReason, string>> = {
  outOfOrder: 'is older than the newest sample of the series',
  duplicate: 'has the time of a stored sample and another value',
  tooOld: 'is older than the store accepts',
  tooFarInFuture: 'is too far ahead of the clock',
  unknownSeries: 'belongs to a series that is not known (any more)',
}

/** Counts what the rules refuse of one batch. */
export class RefusalTally {
  readonly counts: Record<RefusalReason, number> = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0 }
  readonly #retired = new Set<SeriesRef>()
  readonly #describe: (ref: SeriesRef) => string
  #example: string | undefined

  constructor(describe: (ref: SeriesRef) => string) {
    this.#describe = describe
  }

  refuse(reason: RefusalReason, ref: SeriesRef, at: Millis): void {
    this.counts[reason]++
    if (reason === 'unknownSeries') this.#retired.add(ref)
    this.#example ??= `the sample of ${this.#describe(ref)} at ${timeText(at)} ${SENTENCES[reason]}`
  }

  get hasRetired(): boolean {
    return this.#retired.size > 0
  }

  result(): Refusals {
    const retired = [...this.#retired]
    return this.#example === undefined ? { ...this.counts, retired } : { ...this.counts, retired, example: this.#example }
  }
}

function timeText(at: Millis): string {
  // Dates end in the year 275760.
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : `${at} ms`
}
