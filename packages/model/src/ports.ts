import type { Alert } from './alert.ts'
import type { Histogram } from './histogram.ts'
import type { Labels } from './labels.ts'
import type { Matcher } from './matcher.ts'
import type { Exemplar, Metadata } from './sample.ts'
import type { DurationMs, LayoutRef, Millis, SeriesRef } from './units.ts'

/** Makes appenders; one per scrape, push, request or rule evaluation. */
export interface Appendable {
  appender(): Appender
}

/**
 * One batch: readers see all of it or none. Leaving the scope (`await using`) without `commit` rolls back.
 * Not for two tasks at once. References that it gives hold for later appenders of the same `Appendable` too;
 * one whose series is gone is refused as `unknownSeries`: resolve it again.
 */
export interface Appender extends AsyncDisposable {
  /** Resolves labels to a reference. The metric name is in `__name__`. Resolve once, append many. */
  series(labels: Labels): SeriesRef
  /** The ordered series of one target or group: resolve once, then write rows. `refs` may not repeat. */
  layout(refs: readonly SeriesRef[]): LayoutRef
  /**
   * The series of a layout that are no longer known, which are to be resolved again, for a new layout; undefined when the
   * layout itself is not. Costs next to nothing while none has left: to be asked before each row, which then loses nothing.
   */
  retired(layout: LayoutRef): readonly SeriesRef[] | undefined
  /**
   * One value per series of the layout, all at one time. `values` and `present` have the layout's length; where
   * `present` is 0 the series has no sample. Both are the caller's and may be reused after the call.
   */
  appendRow(layout: LayoutRef, at: Millis, values: Float64Array, present: Uint8Array): void
  /**
   * One sample; `startAt` is when its counter began to count, where that is known. A stale marker keeps its bits only
   * through `appendRow` or `appendStale`. Stores may leave start timestamps out.
   */
  append(ref: SeriesRef, at: Millis, value: number, startAt?: Millis): void
  /** Marks the end of a series. */
  appendStale(ref: SeriesRef, at: Millis): void
  appendHistogram(ref: SeriesRef, at: Millis, histogram: Histogram, startAt?: Millis): void
  appendExemplar(ref: SeriesRef, exemplar: Exemplar): void
  /** Says what the metric family `metric` is; the latest word wins. */
  setMetadata(metric: string, metadata: Metadata): void
  /**
   * Resolves when the batch is acknowledged: in the store it then survives `kill -9`, remotely the receiver said
   * 2xx. What the rules refuse is counted in the answer, not thrown, and does not hinder the rest of the batch.
   * The appender is spent afterwards.
   * @throws when the batch could not be stored or sent at all; then nothing of it is acknowledged.
   */
  commit(options?: CommitOptions): Promise<Refusals>
}

/** What happens to the rest of a batch when something of it cannot be stored. */
export interface CommitOptions {
  /**
   * Nothing of the batch is stored when one of its references is no longer known: `retired` has them, the rest of the answer
   * means nothing, and the caller makes the whole batch again. Without it the rest of the batch is stored.
   */
  readonly whole?: boolean
}

/** How many samples of a batch were refused, by reason. A duplicate of time and value is not refused but ignored. */
export interface Refusals {
  /** Older than the newest sample of the series, outside the out-of-order window when there is one. */
  readonly outOfOrder: number
  /** Same time as a stored sample, other value. */
  readonly duplicate: number
  /** Older than the store accepts at all. */
  readonly tooOld: number
  /** Further ahead of the clock than the store accepts. */
  readonly tooFarInFuture: number
  /** The reference is not, or no longer, known. */
  readonly unknownSeries: number
  /** References refused as unknown, so that the caller can resolve them again. */
  readonly retired: readonly SeriesRef[]
  /** One sentence on the first refusal, naming the series and the time. */
  readonly example?: string
}

/** Inclusive on both ends. */
export interface TimeRange {
  readonly from: Millis
  readonly to: Millis
}

/** One selector of a query. */
export interface Selection extends TimeRange {
  /** All must match. At least one does not match the empty string, unless the caller means every series. */
  readonly matchers: readonly Matcher[]
}

export interface SelectOptions {
  readonly signal?: AbortSignal
  /** More samples than this over all selections is a `too-many-samples` error. */
  readonly samplesMax?: number
  /**
   * True: values need not stay. Those of a series hold until the ones of another series of the same answer are read, so
   * that a store may decode each when it is asked for, in one place. What cannot be decoded is an error then.
   */
  readonly passing?: boolean
  /** Told what is missing in the answer, and why, where that is no error. */
  readonly warn?: (text: string) => void
}

/** The samples of one series, in columns of one length. Read-only: columns may be shared between series. */
export interface SeriesColumns {
  readonly labels: Labels
  /** Milliseconds, strictly increasing. Series of one target mostly share one array. */
  readonly times: Float64Array
  /** Stale markers are in it by their bits. Meaningless at an index that has a histogram. */
  readonly values: Float64Array
  /** Present when the series has native histograms: one slot per time, undefined where the sample is a float. */
  readonly histograms?: readonly (Histogram | undefined)[]
  /** Present when start timestamps are known: one slot per time, in milliseconds, 0 where there is none. */
  readonly startTimes?: Float64Array
}

/** Reads samples and the index. */
export interface Queryable {
  /**
   * The series of each selection with their samples in its range, in label order; series without a sample in the
   * range are left out. All selections of one call see one state of the store: a query asks once.
   */
  select(selections: readonly Selection[], options?: SelectOptions): Promise<readonly (readonly SeriesColumns[])[]>
  /** Label names of the series that match any of `matcherSets` (none given: all) and may have samples in the range. Sorted. */
  labelNames(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]>
  /** The values of one label over the same series. Sorted. */
  labelValues(name: string, range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]>
  /** The label sets of the same series, sorted, each once. */
  series(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly Labels[]>
}

/** A union of selectors: a series matches when all matchers of one inner list match. */
export type MatcherSets = readonly (readonly Matcher[])[]

export interface QueryOptions {
  readonly signal?: AbortSignal
  /** How far a sample is looked back for; the engine's setting when absent. */
  readonly lookbackMs?: DurationMs
  readonly timeoutMs?: DurationMs
}

/** Evaluates PromQL: in this process over a `Queryable`, or at a Prometheus-compatible server. */
export interface QueryEngine {
  /** @throws `QueryError` */
  instant(expr: string, at: Millis, options?: QueryOptions): Promise<Answer>
  /** Steps from `start` to `end`, inclusive; `step` is above zero. @throws `QueryError` */
  range(expr: string, start: Millis, end: Millis, step: DurationMs, options?: QueryOptions): Promise<Answer>
}

export interface Answer {
  readonly value: Value
  /** Prometheus's texts, with positions. */
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

export type Value =
  | { readonly kind: 'scalar'; readonly at: Millis; readonly value: number }
  | { readonly kind: 'string'; readonly at: Millis; readonly value: string }
  | { readonly kind: 'vector'; readonly samples: readonly VectorSample[] }
  | { readonly kind: 'matrix'; readonly series: readonly SeriesColumns[] }

export interface VectorSample {
  readonly labels: Labels
  readonly at: Millis
  readonly value: number
  /** When present, the sample is this and `value` means nothing. */
  readonly histogram?: Histogram
}

/** Why a query failed; the codes are the `errorType` texts of Prometheus's API. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly code: 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'internal'
  /** For a parse error: where in the query, as UTF-16 offsets. */
  readonly position: { readonly start: number; readonly end: number } | undefined
  /** For a parse error: what could stand there, or how to mend it. */
  readonly hint: string | undefined
  constructor(
    code: QueryError['code'],
    message: string,
    options: ErrorOptions & { readonly position?: { readonly start: number; readonly end: number }; readonly hint?: string } = {},
  ) {
    super(message, options)
    this.code = code
    this.position = options.position
    this.hint = options.hint
  }
}

/** Takes alerts that fire or were resolved; the in-process Alertmanager or the notifier's queue. */
export interface AlertSink {
  /** @throws when no receiver took them; the caller repeats firing alerts anyway. */
  send(alerts: readonly Alert[]): Promise<void>
}
