// Durations in ranges, steps and offsets: a literal, `step()`, `range()`, `min_of`, `max_of`, and arithmetic over
// them (experimental). After `offset` a bare literal or call ends the duration, so that `foo offset 1m + 1` adds to
// the sample; arithmetic there needs parentheses.

import type { DurationExpr, Position } from './ast.ts'
import type { Context, Cursor } from './cursor.ts'
import { millisOf, takeNumber } from './literal.ts'
import type { Token, TokenKind } from './token.ts'

/** Above this a duration does not fit Go's 64-bit nanoseconds. */
const SECONDS_MAX = 2 ** 63 / 1e9
const PRECEDENCE: Readonly<Partial<Record<TokenKind, number>>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }
const UNARY_PRECEDENCE = 2

/** Parses what stands in brackets: positive where it is known already. */
export function parsePositiveDuration(cursor: Cursor, context: Context): DurationExpr {
  const duration = parseArithmetic(cursor, context, 1)
  if (duration.kind !== 'fixed') return duration
  if (duration.ms <= 0) throw cursor.problem(duration.position, 'duration must be greater than 0')
  return whole(duration)
}

/** Parses what follows `offset`. */
export function parseOffsetDuration(cursor: Cursor, context: Context): DurationExpr {
  const token = cursor.peek()
  if (token.kind !== '+' && token.kind !== '-') return whole(parseOperand(cursor, context))
  const sign = cursor.take()
  return whole(applySign(cursor, sign, parseOperand(cursor, context)))
}

function whole(duration: DurationExpr): DurationExpr {
  return duration.kind === 'fixed' ? { ...duration, ms: Math.trunc(duration.ms) } : duration
}

function parseArithmetic(cursor: Cursor, context: Context, precedenceMin: number): DurationExpr {
  const { depth } = cursor
  cursor.descend()
  let left = parseSigned(cursor, context)
  for (;;) {
    const precedence = PRECEDENCE[cursor.peek().kind]
    if (precedence === undefined || precedence < precedenceMin) break
    cursor.descend()
    const operator = cursor.take()
    const right = parseArithmetic(cursor, context, operator.kind === '^' ? precedence : precedence + 1)
    left = makeBinary(cursor, operator, left, right)
  }
  cursor.depth = depth
  return left
}

function makeBinary(cursor: Cursor, operator: Token, left: DurationExpr, right: DurationExpr): DurationExpr {
  requireFeature(cursor, left.position)
  const isZero = right.kind === 'fixed' && right.ms === 0
  if (isZero && operator.kind === '/') throw cursor.problem(operator, 'division by zero')
  if (isZero && operator.kind === '%') throw cursor.problem(operator, 'modulo by zero')
  const position = { start: left.position.start, end: right.position.end }
  return { kind: 'binary', operator: operator.kind as '+', left, right, wrapped: false, position }
}

function parseSigned(cursor: Cursor, context: Context): DurationExpr {
  const token = cursor.peek()
  if (token.kind !== '+' && token.kind !== '-') return parseOperand(cursor, context)
  const sign = cursor.take()
  return applySign(cursor, sign, parseArithmetic(cursor, context, UNARY_PRECEDENCE + 1))
}

function applySign(cursor: Cursor, sign: Token, operand: DurationExpr): DurationExpr {
  const position = { start: sign.start, end: operand.position.end }
  if (operand.kind === 'fixed' && !operand.wrapped) {
    return checkRange(cursor, { ...operand, ms: sign.kind === '-' ? -operand.ms : operand.ms, position })
  }
  return sign.kind === '-' ? { kind: 'negate', operand, wrapped: false, position } : operand
}

function parseOperand(cursor: Cursor, context: Context): DurationExpr {
  const token = cursor.peek()
  switch (token.kind) {
    case 'number':
    case 'duration': {
      const { value, duration, position } = takeNumber(cursor)
      return checkRange(cursor, { kind: 'fixed', ms: millisOf(value), duration, wrapped: false, position })
    }
    case 'step':
    case 'range':
      return parseQueryWord(cursor, context, token.kind)
    case 'min_of':
    case 'max_of':
      return parseChoice(cursor, context, token.kind === 'min_of' ? 'min' : 'max')
    case '(':
      return parseWrapped(cursor, context)
  }
  return cursor.unexpected(context)
}

function parseQueryWord(cursor: Cursor, context: Context, kind: 'step' | 'range'): DurationExpr {
  const { start } = cursor.take()
  cursor.expect('(', context)
  const { end } = cursor.expect(')', context)
  requireFeature(cursor, { start, end })
  return { kind, wrapped: false, position: { start, end } }
}

function parseChoice(cursor: Cursor, context: Context, operator: 'min' | 'max'): DurationExpr {
  const { start } = cursor.take()
  cursor.expect('(', context)
  const left = parseArithmetic(cursor, context, 1)
  cursor.expect(',', context)
  const right = parseArithmetic(cursor, context, 1)
  const { end } = cursor.expect(')', context)
  requireFeature(cursor, { start, end })
  return { kind: 'binary', operator, left, right, wrapped: false, position: { start, end } }
}

function parseWrapped(cursor: Cursor, context: Context): DurationExpr {
  const { start } = cursor.take()
  const inner = parseArithmetic(cursor, context, 1)
  const { end } = cursor.expect(')', context)
  requireFeature(cursor, inner.position)
  return { ...inner, wrapped: true, position: { start, end } }
}

function checkRange(cursor: Cursor, duration: DurationExpr & { kind: 'fixed' }): DurationExpr {
  if (Math.abs(duration.ms / 1000) > SECONDS_MAX) throw cursor.problem(duration.position, 'duration out of range')
  return duration
}

function requireFeature(cursor: Cursor, position: Position): void {
  if (!cursor.features.durationExpressions) throw cursor.problem(position, 'experimental duration expression is not enabled')
}
