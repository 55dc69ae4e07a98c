import type { Exemplar, Labels, MetricType } from '@promlet/model'

/** What `next` found. */
export type Entry = 'series' | 'metadata' | 'comment' | 'end'

/** What one line of metadata says of a metric family. */
export type MetadataEntry =
  | { readonly kind: 'type'; readonly metric: string; readonly type: MetricType }
  | { readonly kind: 'help'; readonly metric: string; readonly help: string }
  | { readonly kind: 'unit'; readonly metric: string; readonly unit: string }

/** Where `takeKnown` puts samples, by the numbers of their series. */
export interface KnownSamples {
  readonly values: Float64Array
  /** 1 where there is a sample of this body. */
  readonly present: Uint8Array
  /** Counts the entries that were taken, and those of them that were put. */
  lines: number
  samples: number
}

/**
 * Reads the expositions of one target, one after the other, each entry by entry, and tells entries of the last one
 * again by their bytes. `start`, then `next` until `end`, then `keep` if the caller took all of it over; nothing of a
 * body that was not kept is remembered. What an entry says holds until the next call of `next`.
 */
export interface ExpositionParser {
  /** Starts a body, which is the caller's and must not change before the end. */
  start(body: Uint8Array): void
  /** @throws ExpositionError `syntax`, with Prometheus's text. */
  next(): Entry
  /**
   * Reads over the series that come next as long as they stand where the last body had them and have a plain value and no
   * timestamp, with much less work than `next`; `next` then goes on behind them. Those with a number of zero or more are
   * put, and the first that is already present is left to `next`; those with a negative one are only counted.
   */
  takeKnown(into: KnownSamples): void
  /** From now on this body is the one whose entries are told again. */
  keep(): void
  /** Gives the current series or metadata entry a number (any integer but `UNKNOWN`) by which it is told again. */
  remember(id: number): void
  /** The number of the current entry, from the body that was kept last; `UNKNOWN` when that did not have it. */
  readonly recalled: number
  /** Gives all remembered series other numbers. */
  renumber(change: (id: number) => number): void
  /** Of a series entry. NaN is always the ordinary one, never the stale marker. */
  readonly value: number
  /** Of a series entry, in milliseconds; NaN when the exposition gives none. */
  readonly timestampMs: number
  /**
   * Of a series entry; with `__name__`, and `le` and `quantile` in the form that Prometheus stores.
   * @throws ExpositionError `duplicate-label`
   */
  labels(): Labels
  /** Of a series entry: the names of labels that stand there without a value, and so are not among its labels. */
  emptyLabels(): readonly string[]
  /** Of a series entry, as it stands in the exposition. */
  seriesText(): string
  /** Of a series entry. Only OpenMetrics has them. */
  exemplars(): readonly Exemplar[]
  /** Of a metadata entry. */
  metadata(): MetadataEntry
  /** Of a comment entry, with its `#`. */
  comment(): string
}

export interface ParserOptions {
  /** Adds the labels `__type__` and `__unit__` from the metadata above a series. Default: false. */
  readonly typeAndUnitLabels?: boolean
}
