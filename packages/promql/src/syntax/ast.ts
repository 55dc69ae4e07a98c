// The typed tree of a query. Nodes are frozen plain data; behaviour lives in functions over them. Positions are
// UTF-16 offsets into the query text, `end` exclusive.

import type { DurationMs, Histogram, Labels, Matcher, Millis } from '@promlet/model'

export interface Position {
  readonly start: number
  readonly end: number
}

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

export type Expr = NumberLiteral | StringLiteral | VectorSelector | MatrixSelector | Subquery | Call | Aggregation | Binary | Unary | Paren

interface Node {
  readonly position: Position
}

export interface NumberLiteral extends Node {
  readonly kind: 'number'
  readonly value: number
  /** True when it was written as a duration such as `5m`, which means its seconds. */
  readonly duration: boolean
}

export interface StringLiteral extends Node {
  readonly kind: 'string'
  readonly value: string
}

/** `@ 123`, `@ start()`, `@ end()`. */
export type At = { readonly kind: 'timestamp'; readonly at: Millis } | { readonly kind: 'start' } | { readonly kind: 'end' }

/**
 * A length of time in a query: fixed, or an expression that is computed when the query's range and step are known
 * (`[5m * 2]`, `[step() + 1s]`). `negative` results are legal for offsets only.
 */
export type DurationExpr =
  /** `ms` may have a fraction where it is part of a sum; alone it is whole. `duration` as in `NumberLiteral`. */
  | { readonly kind: 'fixed'; readonly ms: number; readonly duration: boolean; readonly wrapped: boolean; readonly position: Position }
  | { readonly kind: 'step' | 'range'; readonly wrapped: boolean; readonly position: Position }
  | {
      readonly kind: 'binary'
      readonly operator: '+' | '-' | '*' | '/' | '%' | '^' | 'min' | 'max'
      readonly left: DurationExpr
      readonly right: DurationExpr
      readonly wrapped: boolean
      readonly position: Position
    }
  | { readonly kind: 'negate'; readonly operand: DurationExpr; readonly wrapped: boolean; readonly position: Position }

export interface VectorSelector extends Node {
  readonly kind: 'vector-selector'
  /** The name before the braces, or the empty string. The matchers include it as `__name__="…"`. */
  readonly name: string
  readonly matchers: readonly Matcher[]
  readonly offset: DurationExpr | undefined
  readonly at: At | undefined
  readonly extension: 'anchored' | 'smoothed' | undefined
}

/** `selector[range]`. Offset, `@` and extension are the selector's. */
export interface MatrixSelector extends Node {
  readonly kind: 'matrix-selector'
  readonly selector: VectorSelector
  readonly range: DurationExpr
}

/** `expr[range:step]`. */
export interface Subquery extends Node {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly range: DurationExpr
  /** Absent: the engine's default step. */
  readonly step: DurationExpr | undefined
  readonly offset: DurationExpr | undefined
  readonly at: At | undefined
}

export interface Call extends Node {
  readonly kind: 'call'
  /** A name of the function catalogue. */
  readonly name: string
  readonly args: readonly Expr[]
}

export type AggregationOperator =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'limitk'
  | 'limit_ratio'
  | 'count_values'
  | 'quantile'

export interface Aggregation extends Node {
  readonly kind: 'aggregation'
  readonly operator: AggregationOperator
  /** For topk, bottomk, limitk, limit_ratio, quantile (scalar) and count_values (string). */
  readonly param: Expr | undefined
  readonly expr: Expr
  readonly grouping: readonly string[]
  readonly without: boolean
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '>'
  | '<'
  | '>='
  | '<='
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless'

export interface VectorMatching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** True for `on(…)`; false for `ignoring(…)` and for no clause. */
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels in `group_left(…)` or `group_right(…)`. */
  readonly include: readonly string[]
  /** `fill`, `fill_left`, `fill_right`: the value where a side has no series. */
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface Binary extends Node {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  /** Set when both sides are vectors. */
  readonly matching: VectorMatching | undefined
  readonly bool: boolean
}

export interface Unary extends Node {
  readonly kind: 'unary'
  readonly operator: '+' | '-'
  readonly expr: Expr
}

export interface Paren extends Node {
  readonly kind: 'paren'
  readonly expr: Expr
}

/** A series of the test language: labels and its values. */
export interface SeriesDescription {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/** One slot of a series description; `undefined` is `_`, no sample. */
export type SequenceValue =
  | undefined
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'stale' }
  /** `hasHint`: the description tells what is known of counter resets; without it any hint will do. */
  | { readonly kind: 'histogram'; readonly histogram: Histogram; readonly hasHint?: boolean }

/** The step of a subquery that names none, given by the engine. */
export type DefaultStep = (range: DurationMs) => DurationMs
