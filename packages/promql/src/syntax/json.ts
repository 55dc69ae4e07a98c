// The tree as `/api/v1/parse_query` gives it to tree views (Prometheus: web/api/v1/translate_ast.go).

import { formatPlain, type Matcher } from '@promlet/model'
import type { At, Binary, DurationExpr, Expr, VectorSelector } from './ast.ts'
import { functionSignatures } from './signatures.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A node and what is below it. Lengths of time are milliseconds, 0 where an expression stands for them. */
export function exprToJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'vector-selector':
      return { type: 'vectorSelector', ...selectorToJson(expr) }
    case 'matrix-selector':
      return { type: 'matrixSelector', range: millis(expr.range), ...selectorToJson(expr.selector) }
    case 'subquery':
      return {
        type: 'subquery',
        expr: exprToJson(expr.expr),
        range: millis(expr.range),
        step: millis(expr.step),
        offset: millis(expr.offset),
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
    offset: millis(selector.offset),
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

function millis(duration: DurationExpr | undefined): number {
  return duration?.kind === 'fixed' ? duration.ms : 0
}
