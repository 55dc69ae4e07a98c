import type { Matcher } from '@promlet/model'
import type { Expr } from './ast.ts'
import { checkExpr } from './check.ts'
import { Cursor, NO_CONTEXT } from './cursor.ts'
import { parseExpression } from './expression-parser.ts'
import { allFeatures, type Features } from './features.ts'
import { canBeMetricName, parseSelector } from './selector-parser.ts'

export interface ParseOptions {
  /** All are on when absent. */
  readonly features?: Features
}

/**
 * Parses and checks a PromQL query.
 * @throws `QueryError` with code `bad_data`, Prometheus's text, and the position of the first problem.
 */
export function parseExpr(query: string, options: ParseOptions = {}): Expr {
  const cursor = new Cursor(query, options.features ?? allFeatures)
  if (cursor.is('eof')) throw cursor.problem({ start: 0, end: 0 }, 'no expression found in input')
  const expr = parseExpression(cursor)
  if (!cursor.is('eof')) cursor.unexpected(NO_CONTEXT)
  checkExpr(query, expr)
  return expr
}

/**
 * Parses a series selector such as `up{job="node"}`, as the `match[]` parameters of the API take it. Unlike in a
 * query, it may match everything.
 * @throws `QueryError` as `parseExpr`.
 */
export function parseMatchers(selector: string): readonly Matcher[] {
  const cursor = new Cursor(selector, allFeatures)
  const name = canBeMetricName(cursor.peek().kind) ? cursor.take() : undefined
  if (name === undefined && !cursor.is('{')) cursor.unexpected(NO_CONTEXT, 'expected a metric name or label matchers in braces')
  const { matchers } = parseSelector(cursor, name)
  if (!cursor.is('eof')) cursor.unexpected(NO_CONTEXT, 'expected the end of the selector')
  return matchers
}
