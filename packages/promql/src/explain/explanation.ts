// What explaining a query gives: plain data, ready for JSON. Times are seconds since 1970 and values are texts, as in
// Prometheus's API; lengths of time end in their unit.

import type { ValueType } from '../syntax/ast.ts'

/** A time in seconds since 1970 and the text of the float or histogram at it, as in Prometheus's API. */
export type TimedText = readonly [at: number, value: string]

export interface Explanation {
  readonly query: string
  readonly resultType: ValueType
  /** In seconds; of an instant query both are its time, and `step` is 0. */
  readonly start: number
  readonly end: number
  readonly step: number
  /** Absent when the query failed. */
  readonly timings?: ExplainTimings
  readonly samples?: { readonly total: number; readonly peak: number }
  readonly tree: ExplainNode
  /** Why the answer is empty: one reason, or several where several parts would each have to give something. */
  readonly empty: readonly EmptyReason[]
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  /** Why the query failed while it ran; the node where it did says so too. */
  readonly error?: string
}

/** Reading the store is a part of preparing. */
export interface ExplainTimings {
  readonly queueMs: number
  readonly prepareMs: number
  readonly evalMs: number
  readonly totalMs: number
}

/**
 * A node of the syntax tree. Parentheses and the unary plus are no nodes, as they do nothing; nor is the selector
 * within a range selector.
 */
export interface ExplainNode {
  readonly kind: string
  /** Its part of the query, and where that stands: UTF-16 offsets, `end` exclusive. */
  readonly text: string
  readonly position: PlaceInQuery
  readonly resultType: ValueType
  /** At how many times it was evaluated: once where it does not depend on the step, and otherwise in a subquery. */
  readonly steps: number
  /** From the store for a selector; from the nodes below for the others. */
  readonly input: Amount
  readonly output: Amount
  /** Reading the store is not in it: a query reads all at once before it runs. */
  readonly time: { readonly selfMs: number; readonly totalMs: number }
  /** The first few series. */
  readonly values: readonly SeriesSummary[]
  /** Lowest and highest float that it gave; absent when it gave none. */
  readonly range?: { readonly low: string; readonly high: string }
  readonly annotations: readonly string[]
  /** For a binary operator between vectors. */
  readonly match?: MatchReport
  /** For a node that has input but no output, and for a selector without samples. */
  readonly empty?: EmptyReason
  /** Set when the same text stood in the query before, and its result was used again: nothing below was evaluated. */
  readonly sameAs?: PlaceInQuery
  /** True when it was not evaluated: it stands below such a node, behind a failure, or is a text. */
  readonly isIdle: boolean
  readonly error?: string
  readonly children: readonly ExplainNode[]
}

export interface PlaceInQuery {
  readonly start: number
  readonly end: number
}

/** Series that have samples, and samples over all steps. */
export interface Amount {
  readonly series: number
  readonly samples: number
}

export interface SeriesSummary {
  /** As Prometheus writes a series. */
  readonly series: string
  readonly samples: number
  readonly first: TimedText
  readonly last: TimedText
}

/** Which series of two vectors met. */
export interface MatchReport {
  /** What is compared, in words of PromQL: `on (job)`, `ignoring (code)`. */
  readonly by: string
  /** Pairs that gave a result; for `and` and `unless` series of the left side, for `or` of both sides. */
  readonly matched: Examples<MatchedPair>
  /** Series that gave none. */
  readonly droppedLeft: Examples<DroppedSeries>
  readonly droppedRight: Examples<DroppedSeries>
}

export interface Examples<T> {
  readonly count: number
  /** The first few. */
  readonly examples: readonly T[]
}

export interface MatchedPair {
  /** Absent where the side has no series: it was filled, or none is needed. */
  readonly left?: string
  readonly right?: string
}

export interface DroppedSeries {
  readonly series: string
  readonly reason: DropReason
  /** One sentence. */
  readonly text: string
}

/**
 * `no-partner`: no series of its match group on the other side; `not-at-once`: there is one, but never at the same step;
 * `filtered`: the comparison does not hold; `has-partner`: what `unless` and `or` take out; `no-result`: the samples do
 * not go together.
 */
export type DropReason = 'no-partner' | 'not-at-once' | 'filtered' | 'has-partner' | 'no-result'

export interface EmptyReason {
  readonly code: EmptyCode
  /** One sentence or two, for a person. */
  readonly text: string
  /** Where in the query the reason stands. */
  readonly position: PlaceInQuery
  /** Names or values that were probably meant. */
  readonly didYouMean: readonly string[]
  /** The matcher that no series meets. */
  readonly matcher?: string
  /** When the series had their last sample, in seconds. */
  readonly lastSampleAt?: number
}

export type EmptyCode =
  | 'no-such-metric'
  | 'no-such-label'
  | 'no-such-label-value'
  | 'no-such-combination'
  | 'outside-range'
  | 'ended'
  | 'too-few-samples'
  | 'filtered'
  | 'nothing-matched'
  | 'something-there'
  | 'no-steps'
  | 'no-result'
