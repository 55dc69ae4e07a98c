// Parts of a query that stand in it more than once are computed once. Parts count as the same when their text is
// the same to the letter, so that their annotations stand at the same places relative to the part's start.

import type { Expr } from '../syntax/ast.ts'
import { childrenOf, readsStore } from './walk.ts'

/** The expressions to share, each with the text that it has in common with others. */
export function sharedParts(expr: Expr, text: string): ReadonlyMap<Expr, string> {
  const counts = new Map<string, number>()
  count(expr, text, counts)
  const shared = new Map<Expr, string>()
  mark(expr, text, counts, 1, shared)
  return shared
}

function textOf(expr: Expr, text: string): string {
  return text.slice(expr.position.start, expr.position.end)
}

function isWorthIt(expr: Expr): boolean {
  return (expr.kind === 'call' || expr.kind === 'aggregation' || expr.kind === 'binary') && readsStore(expr)
}

function count(expr: Expr, text: string, counts: Map<string, number>): void {
  if (isWorthIt(expr)) {
    const key = textOf(expr, text)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  for (const child of childrenOf(expr)) count(child, text, counts)
}

/** `times`: how often the part around stands in the query. A part is shared only where it stands more often than that. */
function mark(expr: Expr, text: string, counts: ReadonlyMap<string, number>, times: number, shared: Map<Expr, string>): void {
  const key = textOf(expr, text)
  const own = isWorthIt(expr) ? (counts.get(key) ?? 1) : 1
  if (own > times) shared.set(expr, key)
  for (const child of childrenOf(expr)) mark(child, text, counts, Math.max(own, times), shared)
}
