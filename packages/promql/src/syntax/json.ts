// The tree as `/api/v1/parse_query` gives it to tree views (Prometheus: web/api/v1/translate_ast.go).

import { formatPlain, type Matcher } from '@promlet/model'
import type { At, Binary, DurationExpr, Expr, VectorSelector } from './ast.ts'
import { functionSignatures } from './signatures.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A node and what is below it. Lengths of time are milliseconds, 0 where an expression stands for them, which is beside it. */
export function exprToJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'vector-selector':
      return { type: 'vectorSelector', ...selectorToJson(expr) }
    case 'matrix-selector':
      return { type: 'matrixSelector', ...lengthToJson('range', expr.range), ...selectorToJson(expr.selector) }
    case 'subquery':
      return {
        type: 'subquery',
        expr: exprToJson(expr.expr),
        ...lengthToJson('range', expr.range),
        ...lengthToJson('step', expr.step),
        ...lengthToJson('offset', expr.offset),
        ...atToJson(expr.at),
      }
    case 'call':
      return { type: 'call', func: functionToJson(expr.name), args: expr.args.map(exprToJson) }
    case 'aggregation':
      return {
        type: 'aggregation',
        op: expr.operator,
        expr: exprToJson(expr.expr),
        param: expr.param === undefined ? null : exprToJson(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      }
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expr.operator,
        lhs: exprToJson(expr.left),
        rhs: exprToJson(expr.right),
        matching: matchingToJson(expr),
        bool: expr.bool,
      }
    case 'unary':
      return { type: 'unaryExpr', op: expr.operator, expr: exprToJson(expr.expr) }
    case 'paren':
      return { type: 'parenExpr', expr: exprToJson(expr.expr) }
  }
}

function selectorToJson(selector: VectorSelector): { [key: string]: Json } {
  return {
    name: selector.name,
    ...lengthToJson('offset', selector.offset),
    matchers: selector.matchers.map(matcherToJson),
    ...atToJson(selector.at),
    anchored: selector.extension === 'anchored',
    smoothed: selector.extension === 'smoothed',
  }
}

function matcherToJson({ name, operator, value }: Matcher): Json {
  return { name, value, type: operator }
}

function atToJson(at: At | undefined): { timestamp: Json; startOrEnd: Json } {
  if (at?.kind === 'timestamp') return { timestamp: at.at, startOrEnd: null }
  return { timestamp: null, startOrEnd: at?.kind ?? null }
}

function functionToJson(name: string): Json {
  const signature = functionSignatures.get(name)
  if (signature === undefined) return { name }
  return { name, argTypes: signature.argTypes, variadic: signature.variadic, returnType: signature.returnType }
}

function matchingToJson({ matching }: Binary): Json {
  if (matching === undefined) return null
  const { cardinality, labels, on, include, fillLeft, fillRight } = matching
  return { card: cardinality, labels, on, include, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } }
}

/** A length of time in milliseconds, or the expression that it is computed from. */
function lengthToJson(name: string, duration: DurationExpr | undefined): { [key: string]: Json } {
  const ms = duration === undefined ? 0 : fixedMs(duration)
  return { [name]: ms ?? 0, [`${name}Expr`]: ms === undefined ? durationToJson(duration as DurationExpr) : null }
}

/** Signs and parentheses around a number are nothing to compute. */
function fixedMs(duration: DurationExpr): number | undefined {
  if (duration.kind === 'fixed') return duration.ms
  const ms = duration.kind === 'negate' ? fixedMs(duration.operand) : undefined
  return ms === undefined ? undefined : -ms
}

function durationToJson(duration: DurationExpr): Json {
  const ms = fixedMs(duration)
  if (ms !== undefined) return { type: 'numberLiteral', val: formatPlain(ms / 1000), duration: isDuration(duration) }
  const { wrapped } = duration
  switch (duration.kind) {
    case 'negate':
      return { type: 'durationExpr', op: '-', lhs: null, rhs: durationToJson(duration.operand), wrapped }
    case 'binary': {
      const { operator, left, right } = duration
      const op = operator === 'min' || operator === 'max' ? `${operator}_of` : operator
      return { type: 'durationExpr', op, lhs: durationToJson(left), rhs: durationToJson(right), wrapped }
    }
    default:
      return { type: 'durationExpr', op: duration.kind, lhs: null, rhs: null, wrapped }
  }
}

function isDuration(duration: DurationExpr): boolean {
  return duration.kind === 'negate' ? isDuration(duration.operand) : duration.kind === 'fixed' && duration.duration
}
