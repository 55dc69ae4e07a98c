// Parse errors in Prometheus's words: `line:column: parse error: …`, where the column counts bytes of UTF-8 from 1.
// What a person needs beyond that (the exact place, what could stand there) is in the error's fields.

import { QueryError } from '@promlet/model'
import type { Position } from './ast.ts'

/** An error of the query text. `message` is Prometheus's, without the place. */
export function parseProblem(query: string, position: Position, message: string, hint?: string): QueryError {
  const text = `${place(query, position.start)}: parse error: ${message}`
  return new QueryError('bad_data', text, hint === undefined ? { position } : { position, hint })
}

/**
 * `line:column` of an offset, as Prometheus counts (promql/parser/posrange). For the empty query that is 1:1, as up to
 * 2.46; later versions call it an unknown position.
 */
export function place(query: string, offset: number): string {
  const { line, lineStart } = lineOf(query, offset)
  return `${line}:${new TextEncoder().encode(query.slice(lineStart, offset)).length + 1}`
}

function lineOf(query: string, offset: number): { line: number; lineStart: number } {
  let line = 1
  let lineStart = 0
  for (let index = query.indexOf('\n'); index >= 0 && index < offset; index = query.indexOf('\n', index + 1)) {
    line++
    lineStart = index + 1
  }
  return { line, lineStart }
}

/**
 * The error for a person: its text, the line of the query it is about with a caret below the place, and the hint.
 * Errors without a position give their text alone.
 */
export function renderProblem(query: string, error: QueryError): string {
  const { position, hint, message } = error
  if (position === undefined) return message
  const { line, lineStart } = lineOf(query, position.start)
  const lineEnd = query.indexOf('\n', lineStart)
  const text = query.slice(lineStart, lineEnd < 0 ? undefined : lineEnd)
  const length = Math.min(position.end, lineStart + text.length) - position.start
  // Tabs stay tabs, so that the caret stands below its place however wide they are shown.
  const indent = query.slice(lineStart, position.start).replace(/[^\t]/gu, ' ')
  const gutter = `${line} | `
  const caret = `${' '.repeat(gutter.length)}${indent}${'^'.repeat(Math.max(1, length))}`
  return [message, `${gutter}${text}`, caret, ...(hint === undefined ? [] : [hint])].join('\n')
}
