// Colours for a query, from the grammar package that Prometheus's own page uses. It takes unfinished queries, which
// is what an editor shows most of the time. It is no judge of queries: it binds signs and modifiers in other ways
// than Prometheus's parser (`-1 ^ 2`, `a + b offset 5m * c`). An entry of its own: a server
// would load the grammar for nothing.

import { classHighlighter, highlightTree } from '@lezer/highlight'
import { parser as grammar } from '@prometheus-io/lezer-promql'
import type { Position } from './ast.ts'

/** The grammar itself, for editors that parse while one types. */
export { grammar }

/** A piece of a query and the class names for it, such as `tok-keyword`, separated by spaces. */
export interface HighlightedPiece extends Position {
  readonly classes: string
}

/** The pieces of a query that have a colour, in order; what lies between them has none. */
export function highlight(query: string): readonly HighlightedPiece[] {
  const pieces: HighlightedPiece[] = []
  highlightTree(grammar.parse(query), classHighlighter, (start, end, classes) => pieces.push({ start, end, classes }))
  return pieces
}
