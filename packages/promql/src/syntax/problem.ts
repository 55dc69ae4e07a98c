// Parse errors in Prometheus's words: `line:column: parse error: …`, where the column counts bytes of UTF-8 from 1.
// What a person needs beyond that (the exact place, what could stand there) is in the error's fields.

import { QueryError } from '@promlet/model'
import { adviceFor } from './advice.ts'
import type { Position } from './ast.ts'

/** An error of the query text. `message` is Prometheus's, without the place. */
export function parseProblem(query: string, position: Position, message: string, hint = adviceFor(message)): QueryError {
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

/** Where an error of the query text is, for programs that show it. */
export interface ProblemPlace {
  /** From 1; the column counts bytes of UTF-8, as in the message. */
  readonly line: number
  readonly column: number
  /** What stands there; empty at the end of the query. */
  readonly found: string
  /** What could stand there, as far as that can be said. */
  readonly expected?: string
  /** The line of the query, with its number, and carets below the place. */
  readonly excerpt: string
}

/** Undefined for errors without a position. */
export function problemPlace(query: string, { position, hint, message }: QueryError): ProblemPlace | undefined {
  if (position === undefined) return undefined
  const [line, column] = place(query, position.start).split(':').map(Number) as [number, number]
  const expected = /\bexpected (.+)$/.exec(hint ?? '')?.[1] ?? /, expected (?!.*, got )(.+)$/.exec(message)?.[1]
  const found = query.slice(position.start, position.end)
  return { line, column, found, ...(expected === undefined ? {} : { expected }), excerpt: excerptOf(query, position) }
}

/**
 * The error for a person: its text, the line of the query it is about with a caret below the place, and the hint.
 * Errors without a position give their text alone.
 */
export function renderProblem(query: string, { position, hint, message }: QueryError): string {
  if (position === undefined) return message
  return [message, excerptOf(query, position), ...(hint === undefined ? [] : [hint])].join('\n')
}

function excerptOf(query: string, position: Pick<Position, 'start' | 'end'>): string {
  const { line, lineStart } = lineOf(query, position.start)
  const lineEnd = query.indexOf('\n', lineStart)
  const text = query.slice(lineStart, lineEnd < 0 ? undefined : lineEnd)
  const length = Math.min(position.end, lineStart + text.length) - position.start
  // Tabs stay tabs, so that the caret stands below its place however wide they are shown.
  const indent = query.slice(lineStart, position.start).replace(/[^\t]/gu, ' ')
  const gutter = `${line} | `
  const caret = `${' '.repeat(gutter.length)}${indent}${'^'.repeat(Math.max(1, length))}`
  return `${gutter}${text}\n${caret}`
}
