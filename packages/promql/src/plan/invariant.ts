// What does not depend on the step is evaluated once. Prometheus: promql/engine.go preprocessExprHelper.

import type { Expr } from '../syntax/ast.ts'

/** Functions whose result depends on the time of evaluation even when their arguments do not. */
const TIME_DEPENDENT = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
])

/** True when the expression has the same value at every step of a query. */
export function isInvariant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true
    case 'vector-selector':
    case 'subquery':
      return expr.at !== undefined
    case 'matrix-selector':
      return expr.selector.at !== undefined
    case 'paren':
    case 'unary':
      return isInvariant(expr.expr)
    case 'aggregation':
      return isInvariant(expr.expr) && (expr.param === undefined || isInvariant(expr.param))
    case 'binary':
      return isInvariant(expr.left) && isInvariant(expr.right)
    case 'call':
      return !TIME_DEPENDENT.has(expr.name) && expr.args.every(isInvariant)
  }
}
