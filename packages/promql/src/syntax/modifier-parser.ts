// What follows an expression: a range or subquery in brackets, `offset`, `@`, `anchored`, `smoothed`. They belong to
// the selector or subquery that they follow and are set there.

import type { At, DurationExpr, Expr, MatrixSelector, Position, Subquery, VectorSelector } from './ast.ts'
import type { Context, Cursor } from './cursor.ts'
import { parseOffsetDuration, parsePositiveDuration } from './duration-parser.ts'
import { takeNumber } from './literal.ts'

const DURATION = 'number, duration, step(), or range()'
const RANGE: Context = { name: 'subquery or range selector', expected: DURATION }
const RANGE_END: Context = { name: 'subquery or range', expected: '":" or "]"' }
const STEP: Context = { name: 'subquery selector', expected: 'number, duration, step(), range(), or "]"' }
const STEP_END: Context = { name: 'subquery selector', expected: '"]"' }
const OFFSET: Context = { name: 'offset', expected: DURATION }
const AT: Context = { name: '@', expected: 'timestamp' }

/** Takes all modifiers that follow `expr`. */
export function parseModifiers(cursor: Cursor, expr: Expr): Expr {
  const { depth } = cursor
  for (;;) {
    const token = cursor.peek()
    switch (token.kind) {
      case '[':
        cursor.descend()
        expr = parseBrackets(cursor, expr)
        break
      case 'offset':
        cursor.take()
        expr = setOffset(cursor, expr, parseOffsetDuration(cursor, OFFSET))
        break
      case '@':
        cursor.take()
        expr = setAt(cursor, expr, parseAt(cursor, expr))
        break
      case 'anchored':
      case 'smoothed':
        cursor.take()
        expr = setExtension(cursor, expr, token.kind)
        break
      default:
        cursor.depth = depth
        return expr
    }
  }
}

function parseBrackets(cursor: Cursor, expr: Expr): Expr {
  const open = cursor.take()
  const range = parsePositiveDuration(cursor, RANGE)
  if (cursor.is(':')) return parseSubquery(cursor, expr, range)
  if (!cursor.is(']')) cursor.unexpected(RANGE_END)
  const { end } = cursor.take()
  const brackets = { start: open.start, end }
  if (expr.kind !== 'vector-selector') {
    throw cursor.problem(
      brackets,
      'ranges only allowed for vector selectors',
      'a range of an expression is a subquery: [range:step] or [range:]',
    )
  }
  if (isOffset(expr.offset)) throw cursor.problem(brackets, 'no offset modifiers allowed before range', 'write the offset after the range')
  if (expr.at?.kind === 'timestamp') throw cursor.problem(brackets, 'no @ modifiers allowed before range', 'write @ after the range')
  return { kind: 'matrix-selector', selector: expr, range, position: { start: expr.position.start, end } }
}

function parseSubquery(cursor: Cursor, expr: Expr, range: DurationExpr): Subquery {
  cursor.take()
  const step = cursor.is(']') ? undefined : parsePositiveDuration(cursor, STEP)
  if (!cursor.is(']')) cursor.unexpected(STEP_END)
  const { end } = cursor.take()
  return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, position: { start: expr.position.start, end } }
}

function parseAt(cursor: Cursor, expr: Expr): At {
  const token = cursor.peek()
  if (token.kind === 'start' || token.kind === 'end') {
    cursor.take()
    cursor.expect('(', AT)
    cursor.expect(')', AT)
    return { kind: token.kind }
  }
  const sign = token.kind === '-' || token.kind === '+' ? cursor.take().kind : '+'
  if (!cursor.is('number') && !cursor.is('duration')) cursor.unexpected(AT)
  const { value } = takeNumber(cursor)
  const seconds = sign === '-' ? -value : value
  if (!(Math.abs(seconds) < 2 ** 63)) {
    throw cursor.problem(expr.position, `timestamp out of bounds for @ modifier: ${formatSix(seconds)}`)
  }
  return { kind: 'timestamp', at: Math.round(seconds * 1000) }
}

function formatSix(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

function isOffset(offset: DurationExpr | undefined): boolean {
  return offset !== undefined && !(offset.kind === 'fixed' && offset.ms === 0)
}

function setOffset(cursor: Cursor, expr: Expr, offset: DurationExpr): Expr {
  return change(cursor, expr, 'offset modifier', (target) => {
    if (isOffset(target.offset)) throw cursor.problem(expr.position, 'offset may not be set multiple times')
    return { offset }
  })
}

function setAt(cursor: Cursor, expr: Expr, at: At): Expr {
  return change(cursor, expr, '@ modifier', (target) => {
    if (target.at !== undefined) throw cursor.problem(expr.position, '@ <timestamp> may not be set multiple times')
    return { at }
  })
}

type Timing = Pick<VectorSelector, 'offset' | 'at'>

function change(cursor: Cursor, expr: Expr, modifier: string, update: (target: Timing) => Partial<Timing>): Expr {
  const position: Position = { start: expr.position.start, end: cursor.end }
  switch (expr.kind) {
    case 'vector-selector':
    case 'subquery':
      return { ...expr, ...update(expr), position }
    case 'matrix-selector':
      return { ...expr, selector: { ...expr.selector, ...update(expr.selector) }, position }
  }
  throw cursor.problem(expr.position, `${modifier} must be preceded by an instant vector selector or range vector selector or a subquery`)
}

function setExtension(cursor: Cursor, expr: Expr, extension: 'anchored' | 'smoothed'): Expr {
  const refuse = (reason: string): never => {
    throw cursor.problem(expr.position, reason)
  }
  if (!cursor.features.extendedRangeSelectors) return refuse(`${extension} modifier is experimental and not enabled`)
  if (expr.kind === 'subquery') return refuse(`${extension} modifier is not supported for subqueries`)
  if (expr.kind !== 'vector-selector' && expr.kind !== 'matrix-selector') return refuse(`${extension} modifier not implemented`)
  const selector = expr.kind === 'vector-selector' ? expr : expr.selector
  if (selector.extension !== undefined && selector.extension !== extension) {
    return refuse('anchored and smoothed modifiers cannot be used together')
  }
  const position: Position = { start: expr.position.start, end: cursor.end }
  if (expr.kind === 'vector-selector') return { ...expr, extension, position } satisfies VectorSelector
  return { ...expr, selector: { ...selector, extension }, position } satisfies MatrixSelector
}
