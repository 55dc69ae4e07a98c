import type { Histogram } from '../histogram.ts'
import { compareText, Labels } from '../labels.ts'
import { matchesAll } from '../matcher.ts'
import type {
  Appendable,
  Appender,
  CommitOptions,
  MatcherSets,
  Queryable,
  Refusals,
  Selection,
  SelectOptions,
  SeriesColumns,
  TimeRange,
} from '../ports.ts'
import { QueryError } from '../ports.ts'
import type { Exemplar, Metadata } from '../sample.ts'
import { isStaleAt, setStale } from '../stale.ts'
import type { LayoutRef, Millis, SeriesRef } from '../units.ts'

interface Row {
  readonly ref: SeriesRef
  readonly at: Millis
  /** One slot, so that a stale marker keeps its bits. */
  readonly value: Float64Array
  readonly histogram: Histogram | undefined
  /** 0 where it is not known. */
  readonly startAt: Millis
}

interface Stored {
  readonly labels: Labels
  /** In order of time. */
  readonly rows: Row[]
}

/** The simplest store that keeps the contract of the ports: the model that real ones are tested against. */
export class MemoryStore implements Appendable, Queryable {
  readonly stored: Stored[] = []
  readonly metadata = new Map<string, Metadata>()
  readonly exemplars: { readonly labels: Labels; readonly exemplar: Exemplar }[] = []
  readonly #refs = new Map<string, SeriesRef>()
  readonly #layouts: (readonly SeriesRef[])[] = []
  readonly #retired = new Set<SeriesRef>()

  appender(): Appender {
    return new MemoryAppender(this)
  }

  resolve(labels: Labels): SeriesRef {
    const known = this.#refs.get(labels.key)
    if (known !== undefined) return known
    const ref = this.stored.push({ labels, rows: [] }) - 1
    this.#refs.set(labels.key, ref)
    return ref
  }

  /** Takes a series with its samples out; its reference is not known from then on. */
  remove(labels: Labels): void {
    const ref = this.#refs.get(labels.key)
    if (ref === undefined) return
    this.#refs.delete(labels.key)
    this.stored[ref]?.rows.splice(0)
    this.#retired.add(ref)
  }

  find(ref: SeriesRef): Stored | undefined {
    return this.#retired.has(ref) ? undefined : this.stored[ref]
  }

  addLayout(refs: readonly SeriesRef[]): LayoutRef {
    return this.#layouts.push([...refs]) - 1
  }

  layout(layout: LayoutRef): readonly SeriesRef[] {
    return this.#layouts[layout] ?? []
  }

  retired(layout: LayoutRef): readonly SeriesRef[] | undefined {
    return this.#layouts[layout]?.filter((ref) => this.#retired.has(ref))
  }

  async select(selections: readonly Selection[], options: SelectOptions = {}): Promise<readonly (readonly SeriesColumns[])[]> {
    options.signal?.throwIfAborted()
    let samples = 0
    return selections.map(({ matchers, from, to }) => {
      const found: SeriesColumns[] = []
      for (const { labels, rows } of this.#matching([matchers])) {
        const inRange = rows.filter((row) => row.at >= from && row.at <= to)
        samples += inRange.length
        if (samples > (options.samplesMax ?? Infinity)) {
          throw new QueryError('execution', 'query processing would load too many samples into memory in query execution')
        }
        if (inRange.length > 0) found.push(toColumns(labels, inRange))
      }
      return found.sort((left, right) => Labels.compare(left.labels, right.labels))
    })
  }

  async series(range: TimeRange, matcherSets: MatcherSets, options: SelectOptions = {}): Promise<readonly Labels[]> {
    options.signal?.throwIfAborted()
    return this.#matching(matcherSets)
      .filter(({ rows }) => rows.some((row) => row.at >= range.from && row.at <= range.to))
      .map(({ labels }) => labels)
      .sort(Labels.compare)
  }

  async labelNames(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    const names = new Set((await this.series(range, matcherSets, options)).flatMap((labels) => labels.names))
    return [...names].sort(compareText)
  }

  async labelValues(name: string, range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    const values = new Set((await this.series(range, matcherSets, options)).map((labels) => labels.get(name)))
    values.delete('')
    return [...values].sort(compareText)
  }

  #matching(matcherSets: MatcherSets): Stored[] {
    if (matcherSets.length === 0) return [...this.stored]
    return this.stored.filter(({ labels }) => matcherSets.some((matchers) => matchesAll(matchers, labels)))
  }
}

function toColumns(labels: Labels, rows: readonly Row[]): SeriesColumns {
  const times = new Float64Array(rows.length)
  const values = new Float64Array(rows.length)
  for (const [index, row] of rows.entries()) {
    times[index] = row.at
    values.set(row.value, index)
  }
  const startTimes = rows.some((row) => row.startAt !== 0) ? { startTimes: Float64Array.from(rows, (row) => row.startAt) } : {}
  if (rows.every((row) => row.histogram === undefined)) return { labels, times, values, ...startTimes }
  return { labels, times, values, histograms: rows.map((row) => row.histogram), ...startTimes }
}

class MemoryAppender implements Appender {
  readonly #store: MemoryStore
  readonly #rows: Row[] = []
  readonly #then: (() => void)[] = []

  constructor(store: MemoryStore) {
    this.#store = store
  }

  series(labels: Labels): SeriesRef {
    return this.#store.resolve(labels)
  }

  retired(layout: LayoutRef): readonly SeriesRef[] | undefined {
    return this.#store.retired(layout)
  }

  layout(refs: readonly SeriesRef[]): LayoutRef {
    return this.#store.addLayout(refs)
  }

  appendRow(layout: LayoutRef, at: Millis, values: Float64Array, present: Uint8Array): void {
    for (const [index, ref] of this.#store.layout(layout).entries()) {
      if (present[index] === 1) this.#rows.push({ ref, at, value: values.slice(index, index + 1), histogram: undefined, startAt: 0 })
    }
  }

  append(ref: SeriesRef, at: Millis, value: number, startAt: Millis = 0): void {
    this.#rows.push({ ref, at, value: Float64Array.of(value), histogram: undefined, startAt })
  }

  appendStale(ref: SeriesRef, at: Millis): void {
    const value = new Float64Array(1)
    setStale(value, 0)
    this.#rows.push({ ref, at, value, histogram: undefined, startAt: 0 })
  }

  appendHistogram(ref: SeriesRef, at: Millis, histogram: Histogram, startAt: Millis = 0): void {
    this.#rows.push({ ref, at, value: Float64Array.of(Number.NaN), histogram, startAt })
  }

  appendExemplar(ref: SeriesRef, exemplar: Exemplar): void {
    this.#then.push(() => {
      const labels = this.#store.find(ref)?.labels
      if (labels !== undefined) this.#store.exemplars.push({ labels, exemplar })
    })
  }

  setMetadata(metric: string, metadata: Metadata): void {
    this.#then.push(() => void this.#store.metadata.set(metric, metadata))
  }

  async commit({ whole = false }: CommitOptions = {}): Promise<Refusals> {
    const rows = this.#rows.splice(0)
    const unknown = rows.map(({ ref }) => ref).filter((ref) => this.#store.find(ref) === undefined)
    const refused = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: unknown.length, retired: unknown }
    if (whole && unknown.length > 0) return refused
    for (const row of rows) {
      const series = this.#store.find(row.ref)
      if (series === undefined) continue
      const last = series.rows.at(-1)
      if (last === undefined || last.at < row.at) series.rows.push(row)
      else if (last.at > row.at) refused.outOfOrder++
      else if (!sameSample(last, row)) refused.duplicate++
    }
    for (const apply of this.#then.splice(0)) apply()
    return refused
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rows.length = 0
    this.#then.length = 0
  }
}

function sameSample(left: Row, right: Row): boolean {
  if (left.histogram !== undefined || right.histogram !== undefined) {
    return JSON.stringify(comparable(left.histogram)) === JSON.stringify(comparable(right.histogram))
  }
  const stale = isStaleAt(left.value, 0)
  return stale === isStaleAt(right.value, 0) && Object.is(left.value[0], right.value[0])
}

function comparable(histogram: Histogram | undefined): unknown {
  if (histogram === undefined) return null
  // Nothing else in it means anything then.
  if (histogram.stale) return 'stale'
  return { ...histogram, positiveBuckets: [...histogram.positiveBuckets], negativeBuckets: [...histogram.negativeBuckets] }
}
