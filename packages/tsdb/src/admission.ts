// Which samples of a batch come in. Prometheus: tsdb/head_append.go appendable. Newer than the newest sample of its series
// comes in; same time and same value is ignored, same time and other value refused; older is refused, unless an
// out-of-order window is set and holds it. Samples far ahead of the clock are refused too: one of them would make
// retention delete everything else.

import type { DurationMs, Histogram, Millis, SeriesRef } from '@promlet/model'
import type { PendingBatch, PendingHistogram, PendingRow } from './appender.ts'
import { countNotNewer, type LastSamples, setLastRow } from './ref-pages.ts'
import type { RefusalTally } from './refusal-tally.ts'
import { sameBits, sameHistogram } from './sameness.ts'
import { SampleList } from './sample-list.ts'

/** How far ahead of the clock a sample may be. */
export const FUTURE_MAX_MS: DurationMs = 10 * 60_000

export interface AdmissionRules {
  readonly now: Millis
  /** The newest sample of the store. */
  readonly newest: Millis
  readonly retentionTimeMs: DurationMs
  readonly outOfOrderTimeWindowMs: DurationMs
}

/** Reads what the file knows of series. */
export interface StoredSamples {
  /** Fills in the last samples of series of which they are unknown; leaves them unknown where there is no such series. */
  loadLast(refs: readonly SeriesRef[]): void
  /** Copies the value stored for a time into `into[0]`; a histogram is returned. `found` is false where there is nothing. */
  sampleAt(ref: SeriesRef, at: Millis, into: Float64Array): { readonly found: boolean; readonly histogram?: Histogram | undefined }
  /** Reads what is stored of the series (increasing) from `from` to `to`, so that `sampleAt` finds it at once until the disposal. */
  ahead(refs: Uint32Array, from: Millis, to: Millis): Disposable
}

export interface LateSamples {
  readonly samples: SampleList
  readonly histograms: PendingHistogram[]
}

type Verdict = 'in' | 'ignored' | 'late' | 'outOfOrder' | 'duplicate' | 'tooOld' | 'tooFarInFuture' | 'unknownSeries'

/** Stands for the last value where the last sample is a histogram: a NaN that no float sample has. */
export const histogramMark = new Float64Array(new BigUint64Array([0x7ff8_7072_6f6d_6c65n]).buffer)

export class Admission {
  readonly #last: LastSamples
  readonly #stored: StoredSamples
  readonly #scratch = new Float64Array(1)

  constructor(last: LastSamples, stored: StoredSamples) {
    this.#last = last
    this.#stored = stored
  }

  /**
   * Takes out of the batch what does not come in, makes the rest the last samples of their series, and gives what came
   * in late. When the batch is not committed after all, the last samples of all its series must be forgotten.
   */
  admit(batch: PendingBatch, rules: AdmissionRules, tally: RefusalTally): LateSamples {
    const late: LateSamples = { samples: new SampleList(), histograms: [] }
    for (const row of batch.rows) this.#admitRow(row, rules, tally, late)
    this.#admitSamples(batch.samples, rules, tally, late)
    this.#admitHistograms(batch.histograms, rules, tally, late)
    return late
  }

  #admitRow(row: PendingRow, rules: AdmissionRules, tally: RefusalTally, late: LateSamples): void {
    const { stored, at, slots, values } = row
    const outside = at > rules.now + FUTURE_MAX_MS || at < rules.newest - rules.retentionTimeMs
    if (outside || countNotNewer(this.#last, stored.refs, slots, at, row.present) > 0) this.#admitSlots(row, rules, tally, late)
    if (row.present !== undefined) row.samples = countPresent(row.present)
    setLastRow(this.#last, stored.refs, slots, at, values, row.present)
  }

  #admitSlots(row: PendingRow, rules: AdmissionRules, tally: RefusalTally, late: LateSamples): void {
    const { refs } = row.stored
    const present = row.present ?? new Uint8Array(row.slots).fill(1)
    this.#loadUnknown(refs, row.slots, present)
    for (let slot = 0; slot < row.slots; slot++) {
      if (present[slot] === 0) continue
      const ref = refs[slot] as number
      const verdict = this.#judge(ref, row.at, row.values, slot, rules)
      if (verdict === 'in') continue
      present[slot] = 0
      if (verdict === 'late') late.samples.addFrom(ref, row.at, row.values, slot)
      else if (verdict !== 'ignored') tally.refuse(verdict, ref, row.at)
    }
    if (present.includes(0)) row.present = present
  }

  #admitSamples(samples: SampleList, rules: AdmissionRules, tally: RefusalTally, late: LateSamples): void {
    const { refs, times, values, length } = samples
    this.#loadUnknown(refs, length, undefined)
    let kept = 0
    for (let index = 0; index < length; index++) {
      const ref = refs[index] as number
      const at = times[index] as number
      const verdict = this.#judge(ref, at, values, index, rules)
      if (verdict === 'in') {
        this.#last.set(ref, at, values, index)
        if (kept !== index) samples.move(index, kept)
        kept++
      } else if (verdict === 'late') {
        const place = late.samples.addFrom(ref, at, values, index)
        const startAt = samples.starts?.[index] ?? 0
        if (startAt !== 0) late.samples.setStart(place, startAt)
      } else if (verdict !== 'ignored') tally.refuse(verdict, ref, at)
    }
    samples.length = kept
    this.#dropKnown(late.samples, tally)
  }

  #admitHistograms(histograms: PendingHistogram[], rules: AdmissionRules, tally: RefusalTally, late: LateSamples): void {
    if (histograms.length === 0) return
    const refs = Uint32Array.from(histograms, ({ ref }) => ref)
    this.#loadUnknown(refs, refs.length, undefined)
    // What came in before of the same batch, by series and time.
    const taken = new Map<string, Histogram | 'float'>()
    const { refs: lateRefs, times: lateTimes, length } = late.samples
    for (let index = 0; index < length; index++) taken.set(`${lateRefs[index]}@${lateTimes[index]}`, 'float')
    for (const pending of histograms.splice(0)) {
      const { ref, at, histogram } = pending
      const key = `${ref}@${at}`
      let verdict = this.#judge(ref, at, histogramMark, 0, rules)
      // Of a histogram only the time is remembered: whether it is the same one is looked up.
      if (verdict === 'ignored' || verdict === 'late') {
        const before = taken.get(key) ?? this.#histogramAt(ref, at)
        if (before !== undefined) verdict = before !== 'float' && sameHistogram(before, histogram) ? 'ignored' : 'duplicate'
      }
      if (verdict === 'in' || verdict === 'late') taken.set(key, histogram)
      if (verdict === 'in') {
        this.#last.set(ref, at, histogramMark, 0)
        histograms.push(pending)
      } else if (verdict === 'late') late.histograms.push(pending)
      else if (verdict !== 'ignored') tally.refuse(verdict, ref, at)
    }
  }

  #judge(ref: SeriesRef, at: Millis, values: Float64Array, index: number, rules: AdmissionRules): Verdict {
    const lastAt = this.#last.timeOf(ref)
    if (Number.isNaN(lastAt)) return 'unknownSeries'
    if (at > rules.now + FUTURE_MAX_MS) return 'tooFarInFuture'
    if (at > lastAt) return at < rules.newest - rules.retentionTimeMs ? 'tooOld' : 'in'
    if (at === lastAt) {
      this.#last.copyValue(ref, this.#scratch, 0)
      return sameBits(values, index, this.#scratch, 0) ? 'ignored' : 'duplicate'
    }
    if (rules.outOfOrderTimeWindowMs === 0) return 'outOfOrder'
    return at >= rules.newest - rules.outOfOrderTimeWindowMs ? 'late' : 'tooOld'
  }

  /** Late samples may repeat stored ones; the newest of a series is compared on the way in, these are looked up. */
  #dropKnown(samples: SampleList, tally: RefusalTally): void {
    if (samples.length === 0) return
    using _ahead = this.#readAhead(samples)
    let kept = 0
    const seen = new Map<string, number>()
    for (let index = 0; index < samples.length; index++) {
      const ref = samples.refs[index] as number
      const at = samples.times[index] as number
      const key = `${ref}@${at}`
      const twin = seen.get(key)
      const stored = twin === undefined ? this.#stored.sampleAt(ref, at, this.#scratch) : undefined
      if (stored === undefined || stored.found) {
        const [values, place] = twin === undefined ? [this.#scratch, 0] : [samples.values, twin]
        // The value beside a histogram is no value.
        const same = stored?.histogram === undefined && sameBits(samples.values, index, values, place)
        if (!same) tally.refuse('duplicate', ref, at)
        continue
      }
      if (kept !== index) samples.move(index, kept)
      seen.set(key, kept++)
    }
    samples.length = kept
  }

  #readAhead({ refs, times, length }: SampleList): Disposable {
    let from = Infinity
    let to = -Infinity
    for (let index = 0; index < length; index++) {
      const at = times[index] as number
      if (at < from) from = at
      if (at > to) to = at
    }
    return this.#stored.ahead(Uint32Array.from(new Set(refs.subarray(0, length))).sort(), from, to)
  }

  #histogramAt(ref: SeriesRef, at: Millis): Histogram | 'float' | undefined {
    const { found, histogram } = this.#stored.sampleAt(ref, at, this.#scratch)
    return found ? (histogram ?? 'float') : undefined
  }

  #loadUnknown(refs: Uint32Array, length: number, present: Uint8Array | undefined): void {
    const unknown: SeriesRef[] = []
    for (let index = 0; index < length; index++) {
      if (present !== undefined && present[index] === 0) continue
      const ref = refs[index] as number
      if (Number.isNaN(this.#last.timeOf(ref))) unknown.push(ref)
    }
    if (unknown.length > 0) this.#stored.loadLast(unknown)
  }
}

function countPresent(present: Uint8Array): number {
  let count = 0
  for (let slot = 0; slot < present.length; slot++) if (present[slot] !== 0) count++
  return count
}
