// Long queries over several lines, as `/api/v1/format_query` gives them (promql/parser/prettier.go): what fits in
// a line stays on it, everything else is opened, two spaces a level.

import type { Expr } from './ast.ts'
import { printAggregationHead, printExpr, printOperator, printSubquerySuffix } from './print.ts'

/** A node whose text is longer than this, in bytes of UTF-8, is split. */
const LINE_BYTES_MAX = 100

/** The query, split over lines where it is long. */
export function prettyPrint(expr: Expr): string {
  return pretty(expr, 0)
}

function pretty(expr: Expr, level: number): string {
  const text = printExpr(expr)
  const indent = '  '.repeat(level)
  const fits = new TextEncoder().encode(text).length <= LINE_BYTES_MAX
  if (expr.kind === 'subquery') {
    // A subquery that fits is written without the indent of its level.
    return fits ? text : `${pretty(expr.expr, level)}${printSubquerySuffix(expr)}`
  }
  if (expr.kind === 'unary') return `${indent}${expr.operator}${pretty(expr.expr, level).trim()}`
  return fits ? `${indent}${text}` : split(expr, text, level)
}

function split(expr: Expr, text: string, level: number): string {
  const indent = '  '.repeat(level)
  const inside = (...parts: readonly Expr[]) => `(\n${parts.map((part) => pretty(part, level + 1)).join(',\n')}\n${indent})`
  switch (expr.kind) {
    case 'aggregation':
      return `${indent}${printAggregationHead(expr)}${expr.param === undefined ? inside(expr.expr) : inside(expr.param, expr.expr)}`
    case 'call':
      return `${indent}${expr.name}${inside(...expr.args)}`
    case 'paren':
      return `${indent}${inside(expr.expr)}`
    case 'binary':
      return `${pretty(expr.left, level + 1)}\n${indent}${printOperator(expr)}\n${pretty(expr.right, level + 1)}`
  }
  return `${indent}${text}`
}
