import type { DurationMs } from '@promlet/model'
import { QueryError } from '@promlet/model'
import type { DurationExpr } from '../syntax/ast.ts'

/** What a duration expression may ask of its query. */
export interface DurationScope {
  /** 0 for an instant query. */
  readonly step: DurationMs
  /** From the first to the last evaluation; 0 for an instant query. */
  readonly range: DurationMs
}

/** Computes an offset, which may be negative. @throws QueryError for a division by zero or a result out of range. */
export function offsetMs(expr: DurationExpr | undefined, scope: DurationScope): number {
  return expr === undefined ? 0 : toMs(expr, scope)
}

/** Computes a range or a step. @throws QueryError when it is not above zero, else as `offsetMs`. */
export function positiveMs(expr: DurationExpr, scope: DurationScope): DurationMs {
  if (!(seconds(expr, scope) > 0)) throw fault(expr, 'duration must be greater than 0')
  return toMs(expr, scope)
}

/** Go keeps durations as 64-bit nanoseconds; Prometheus compares seconds with the same bound. */
const SECONDS_MAX = 2 ** 63

function toMs(expr: DurationExpr, scope: DurationScope): number {
  // Only what is computed goes through seconds, and may lose a millisecond on the way, as in Prometheus.
  if (expr.kind === 'fixed') return expr.ms
  const value = seconds(expr, scope)
  if (!(Math.abs(value) < SECONDS_MAX)) throw fault(expr, 'duration is out of range')
  const ms = Math.trunc(value * 1000)
  return ms === 0 ? 0 : ms
}

function seconds(expr: DurationExpr, scope: DurationScope): number {
  switch (expr.kind) {
    case 'fixed':
      return expr.ms / 1000
    case 'step':
      return scope.step / 1000
    case 'range':
      return scope.range / 1000
    case 'negate':
      return -seconds(expr.operand, scope)
    case 'binary':
      return combine(expr, seconds(expr.left, scope), seconds(expr.right, scope))
  }
}

function combine(expr: DurationExpr & { kind: 'binary' }, left: number, right: number): number {
  switch (expr.operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw fault(expr, 'division by zero')
      return left / right
    case '%':
      if (right === 0) throw fault(expr, 'modulo by zero')
      return left % right
    case '^':
      return left ** right
    case 'min':
      return Math.min(left, right)
    case 'max':
      return Math.max(left, right)
  }
}

function fault(expr: DurationExpr, reason: string): QueryError {
  const { start, end } = expr.position
  return new QueryError('bad_data', `${start}:${end}: ${reason}`, { position: { start, end } })
}
