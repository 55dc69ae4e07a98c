import type { Matcher } from '@promlet/model'
import type { Expr } from './ast.ts'

/** The matchers of every selector in an expression, in reading order. */
export function selectorsOf(expr: Expr): readonly (readonly Matcher[])[] {
  switch (expr.kind) {
    case 'vector-selector':
      return [expr.matchers]
    case 'matrix-selector':
      return [expr.selector.matchers]
    case 'subquery':
    case 'unary':
    case 'paren':
      return selectorsOf(expr.expr)
    case 'aggregation':
      return [...(expr.param === undefined ? [] : selectorsOf(expr.param)), ...selectorsOf(expr.expr)]
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)]
    case 'call':
      return expr.args.flatMap(selectorsOf)
    case 'number':
    case 'string':
      return []
  }
}
