import type { Appendable, Appender, DurationMs, Labels, Millis, SeriesRef } from '@promlet/model'
import { type SequenceValue, withResetHints } from '@promlet/promql/syntax'

export interface DescribedSeries {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/** The input series of a test, written bit by bit: a rule may not see what comes later. */
export class InputSeries {
  readonly #series: readonly DescribedSeries[]
  readonly #start: Millis
  readonly #intervalMs: DurationMs
  /** How many values of each series are written. */
  #written = 0

  constructor(series: readonly DescribedSeries[], start: Millis, intervalMs: DurationMs) {
    // Of two lines for one series the later holds.
    const byLabels = new Map(series.map((line) => [line.labels.key, line]))
    this.#series = [...byLabels.values()].map(({ labels, values }) => ({ labels, values: withResetHints(values) }))
    this.#start = start
    this.#intervalMs = intervalMs
  }

  /** Writes the samples up to a time, inclusive. @throws Error when the store refuses one. */
  async loadUntil(appendable: Appendable, until: Millis): Promise<void> {
    const end = Math.floor((until - this.#start) / this.#intervalMs) + 1
    if (end <= this.#written) return
    await using appender = appendable.appender()
    for (const { labels, values } of this.#series) {
      const ref = appender.series(labels)
      for (let index = this.#written; index < Math.min(end, values.length); index++) {
        append(appender, ref, this.#start + index * this.#intervalMs, values[index])
      }
    }
    this.#written = end
    const { example } = await appender.commit()
    if (example !== undefined) throw new Error(example)
  }
}

function append(appender: Appender, ref: SeriesRef, at: Millis, value: SequenceValue): void {
  if (value === undefined) return
  if (value.kind === 'float') appender.append(ref, at, value.value)
  else if (value.kind === 'stale') appender.appendStale(ref, at)
  else appender.appendHistogram(ref, at, value.histogram)
}
