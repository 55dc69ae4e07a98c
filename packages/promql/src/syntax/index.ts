export type {
  Aggregation,
  AggregationOperator,
  At,
  Binary,
  BinaryOperator,
  Call,
  DefaultStep,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Paren,
  Position,
  SequenceValue,
  SeriesDescription,
  StringLiteral,
  Subquery,
  Unary,
  ValueType,
  VectorMatching,
  VectorSelector,
} from './ast.ts'
export { allFeatures, type Features } from './features.ts'
export { exprToJson, type Json } from './json.ts'
export { type ParseOptions, parseExpr, parseMatchers } from './parse.ts'
export { prettyPrint } from './pretty.ts'
export { printExpr } from './print.ts'
export { type ProblemPlace, problemPlace, renderProblem } from './problem.ts'
export { withResetHints } from './reset-hints.ts'
export { selectorsOf } from './selectors.ts'
export { parseMetric, parseSequenceValues, parseSeriesDescription } from './series-description.ts'
export { type FunctionSignature, functionSignatures } from './signatures.ts'
export { documentedType, valueType } from './value-type.ts'
