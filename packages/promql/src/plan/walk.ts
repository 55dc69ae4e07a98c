import type { Expr } from '../syntax/ast.ts'

/** The parts of an expression that are expressions, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vector-selector':
      return []
    case 'matrix-selector':
      return [expr.selector]
    case 'subquery':
    case 'paren':
    case 'unary':
      return [expr.expr]
    case 'call':
      return expr.args
    case 'aggregation':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'binary':
      return [expr.left, expr.right]
  }
}

/** The expression inside any parentheses. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** True when the expression reads the store. */
export function readsStore(expr: Expr): boolean {
  return expr.kind === 'vector-selector' || childrenOf(expr).some(readsStore)
}

/** The first selector of the text, after the subqueries that it stands in, outermost first. */
export function pathToFirstSelector(expr: Expr): readonly Expr[] | undefined {
  if (expr.kind === 'vector-selector') return [expr]
  for (const child of childrenOf(expr)) {
    const path = pathToFirstSelector(child)
    if (path !== undefined) return expr.kind === 'subquery' ? [expr, ...path] : path
  }
  return undefined
}
