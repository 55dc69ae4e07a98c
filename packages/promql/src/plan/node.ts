// The plan of a query: its tree with everything resolved that the syntax leaves open. Every node knows the grid it
// is evaluated on, selectors know which of the query's selections they read, durations are numbers.

import type { DurationMs, Labels, Matcher, Millis } from '@promlet/model'
import type { Aggregation, Binary, Call, Expr, Unary } from '../syntax/ast.ts'
import type { Grid } from './grid.ts'

export type PlanNode =
  | ConstantNode
  | StringNode
  | SelectNode
  | WindowNode
  | WindowCallNode
  | CallNode
  | AggregateNode
  | BinaryNode
  | NegateNode
  | RepeatNode
  | SharedNode
  | InfoNode

interface Node {
  readonly grid: Grid
  /** The part of the query that it computes; positions of annotations are taken from it. */
  readonly expr: Expr
}

/** A scalar that is the same at every step. */
export interface ConstantNode extends Node {
  readonly kind: 'constant'
  readonly value: number
}

export interface StringNode extends Node {
  readonly kind: 'string'
  readonly value: string
}

/** Where samples are read: relative to the step, or to one fixed time. */
export interface Reference {
  /** Set by `@`: every step reads at this time. */
  readonly at: Millis | undefined
  /** Subtracted from the step's time or from `at`; may be negative. */
  readonly offset: number
}

/** How histograms are read. */
export interface Stats {
  /**
   * True where only counts and sums of histograms are asked for: their buckets are left out, and what they tell of
   * counter resets becomes a hint.
   */
  readonly statsOnly: boolean
}

/** The latest sample of each series at each step. */
export interface SelectNode extends Node, Reference, Stats {
  readonly kind: 'select'
  /** Which of the query's selections. */
  readonly slot: number
  readonly lookback: DurationMs
  /** The sample; the time it was taken (of floats only, for ); its start timestamp; the value interpolated at the step. */
  readonly reading: 'sample' | 'time' | 'info-time' | 'start-time' | 'smoothed'
}

/** A window of samples of each series at each step; only ever the source of a `WindowCallNode` or a whole query. */
export interface WindowNode extends Node, Reference, Stats {
  readonly kind: 'window'
  readonly range: DurationMs
  /** From the store, or from a subquery, which is evaluated on a grid of its own. */
  readonly source: { readonly kind: 'samples'; readonly slot: number } | { readonly kind: 'subquery'; readonly inner: PlanNode }
  readonly extension: 'anchored' | 'smoothed' | undefined
  readonly lookback: DurationMs
}

/** A function of a window, such as `rate`. */
export interface WindowCallNode extends Node {
  readonly kind: 'window-call'
  readonly name: string
  readonly window: WindowNode
  /** The other arguments, scalars, in their order. */
  readonly args: readonly PlanNode[]
  /** For `absent_over_time`: the labels of its one series. */
  readonly absentLabels: Labels
  readonly call: Call
}

/** A function of instant vectors and scalars. */
export interface CallNode extends Node {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly PlanNode[]
  readonly call: Call
}

/** `info(v, {…})`: the base vector, the info series at the reference time, and the matchers given. */
export interface InfoNode extends Node {
  readonly kind: 'info'
  readonly base: PlanNode
  readonly info: SelectNode
  /** Those given and those implied. */
  readonly matchers: readonly Matcher[]
  readonly call: Call
}

export interface AggregateNode extends Node {
  readonly kind: 'aggregate'
  readonly input: PlanNode
  /** A scalar, or the string of `count_values`. */
  readonly param: PlanNode | undefined
  readonly aggregation: Aggregation
}

export interface BinaryNode extends Node {
  readonly kind: 'binary'
  readonly left: PlanNode
  readonly right: PlanNode
  readonly leftType: 'scalar' | 'vector'
  readonly rightType: 'scalar' | 'vector'
  readonly binary: Binary
}

export interface NegateNode extends Node {
  readonly kind: 'negate'
  readonly input: PlanNode
  readonly unary: Unary
}

/** A part that does not depend on the step: evaluated once (the input's grid has one step), repeated at every step. */
export interface RepeatNode extends Node {
  readonly kind: 'repeat'
  readonly input: PlanNode
}

/** A part that stands more than once in the query: the first that is read computes it, the others read the result. */
export interface SharedNode extends Node {
  readonly kind: 'shared'
  readonly key: string
  readonly input: PlanNode
}
