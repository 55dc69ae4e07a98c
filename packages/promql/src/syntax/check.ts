// The rules that the grammar cannot hold: types, numbers of arguments, what fits together (Prometheus:
// promql/parser/parse.go checkAST). The first problem in Prometheus's order is thrown.

import { METRIC_NAME, quote } from '@promlet/model'
import type { Aggregation, Binary, Call, Expr, Position, ValueType, VectorSelector } from './ast.ts'
import { parseProblem } from './problem.ts'
import { type FunctionSignature, functionSignatures } from './signatures.ts'
import { documentedType, valueType } from './value-type.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<=', '<', '>=', '>'])
const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/**
 * Checks a freshly parsed tree and settles it: an operator between scalars loses its matching clause.
 * @throws `QueryError` with code `bad_data`.
 */
export function checkExpr(query: string, expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
    case 'string':
      break
    case 'vector-selector':
      checkSelector(expr, query)
      break
    case 'matrix-selector':
      checkSelector(expr.selector, query)
      break
    case 'subquery':
      checkSubquery(expr.expr, expr.position, query)
      break
    case 'call':
      checkCall(expr, query)
      break
    case 'aggregation':
      checkAggregation(expr, query)
      break
    case 'binary':
      checkBinary(expr, query)
      break
    case 'unary':
      checkUnary(expr.expr, expr.position, query)
      break
    case 'paren':
      checkExpr(query, expr.expr)
      break
  }
  return valueType(expr)
}

function checkSelector(selector: VectorSelector, query: string): void {
  if (selector.name !== '') {
    for (const matcher of selector.matchers.slice(0, -1)) {
      if (matcher.name !== METRIC_NAME) continue
      fail(query, selector.position, `metric name must not be set twice: ${quote(selector.name)} or ${quote(matcher.value)}`)
    }
    return
  }
  if (selector.matchers.some((matcher) => !matcher.matchesEmpty)) return
  const hint = 'add a metric name or a matcher that a missing label does not fulfil, such as job!=""'
  fail(query, selector.position, 'vector selector must contain at least one non-empty matcher', hint)
}

function checkSubquery(inner: Expr, position: Position, query: string): void {
  const type = checkExpr(query, inner)
  if (type !== 'vector') fail(query, position, `subquery is only allowed on instant vector, got ${type} instead`)
}

function checkUnary(operand: Expr, position: Position, query: string): void {
  const type = checkExpr(query, operand)
  if (type === 'scalar' || type === 'vector') return
  fail(query, position, `unary expression only allowed on expressions of type scalar or instant vector, got "${documentedType(type)}"`)
}

function checkAggregation(expr: Aggregation, query: string): void {
  expectType(expr.expr, 'vector', 'aggregation expression', query)
  if (expr.param === undefined) return
  expectType(expr.param, expr.operator === 'count_values' ? 'string' : 'scalar', 'aggregation parameter', query)
}

function expectType(expr: Expr, wanted: ValueType, context: string, query: string): void {
  const type = checkExpr(query, expr)
  if (type === wanted) return
  fail(query, expr.position, `expected type ${documentedType(wanted)} in ${context}, got ${documentedType(type)}`, typeHint(wanted, type))
}

function typeHint(wanted: ValueType, found: ValueType): string | undefined {
  if (wanted === 'matrix' && found === 'vector') return 'add a range such as [5m], or make a subquery such as [5m:1m]'
  if (wanted === 'vector' && found === 'matrix') return 'a function such as rate or last_over_time turns a range into an instant vector'
  if (wanted === 'vector' && found === 'scalar') return 'vector(…) turns a scalar into an instant vector'
  if (wanted === 'scalar' && found === 'vector') return 'scalar(…) turns a vector of one series into a scalar'
  return undefined
}

function checkCall(expr: Call, query: string): void {
  const signature = functionSignatures.get(expr.name) as FunctionSignature
  checkArgumentCount(expr, signature, query)
  if (expr.name === 'info') checkInfoSelector(expr, query)
  const { argTypes } = signature
  for (const [index, argument] of expr.args.entries()) {
    const wanted = argTypes[Math.min(index, argTypes.length - 1)]
    if (wanted === undefined) break
    // The second argument of info() is a set of matchers that may match anything.
    const type = expr.name === 'info' && index === 1 ? valueType(argument) : checkExpr(query, argument)
    if (type === wanted) continue
    const message = `expected type ${documentedType(wanted)} in call to function ${quote(expr.name)}, got ${documentedType(type)}`
    fail(query, argument.position, message, typeHint(wanted, type))
  }
}

function checkArgumentCount(expr: Call, { argTypes, variadic }: FunctionSignature, query: string): void {
  const refuse = (bound: string, count: number): never =>
    fail(
      query,
      expr.position,
      `expected ${bound}${count} argument(s) in call to ${quote(expr.name)}, got ${expr.args.length}`,
      `write ${usage(expr.name, argTypes, variadic)}`,
    )
  if (variadic === 0) {
    if (expr.args.length !== argTypes.length) refuse('', argTypes.length)
    return
  }
  const least = argTypes.length - 1
  if (expr.args.length < least) refuse('at least ', least)
  if (variadic > 0 && expr.args.length > least + variadic) refuse('at most ', least + variadic)
}

/** How a function is called: `round(instant vector[, scalar])`. */
function usage(name: string, argTypes: readonly ValueType[], variadic: number): string {
  const types = argTypes.map(documentedType)
  if (variadic === 0) return `${name}(${types.join(', ')})`
  const needed = types.slice(0, -1)
  const optional = `${needed.length === 0 ? '' : ', '}${types.at(-1)}${variadic === 1 ? '' : ', …'}`
  return `${name}(${needed.join(', ')}[${optional}])`
}

function checkInfoSelector(expr: Call, query: string): void {
  const argument = expr.args[1]
  if (argument === undefined) return
  const type = valueType(argument)
  if (type !== 'vector') {
    fail(query, expr.position, `expected type instant vector in call to function "info", got ${documentedType(type)}`)
  }
  if (argument.kind !== 'vector-selector') fail(query, argument.position, 'expected label selectors only')
  else if (argument.name !== '') fail(query, argument.position, 'expected label selectors only, got vector selector instead')
}

function checkBinary(expr: Binary, query: string): void {
  const left = checkExpr(query, expr.left)
  const right = checkExpr(query, expr.right)
  const isComparison = COMPARISONS.has(expr.operator)
  if (expr.bool && !isComparison) fail(query, operatorPosition(query, expr), 'bool modifier can only be used on comparison operators')
  if (isComparison && !expr.bool && left === 'scalar' && right === 'scalar') {
    fail(query, operatorPosition(query, expr), 'comparisons between scalars must use BOOL modifier', `write ${expr.operator} bool`)
  }
  checkMatchingLabels(expr, query)
  for (const [side, type] of [[expr.left, left] as const, [expr.right, right] as const]) {
    if (type === 'scalar' || type === 'vector') continue
    fail(query, side.position, 'binary expression must contain only scalar and instant vector types')
  }
  if (left === 'vector' && right === 'vector') checkSetOperator(expr, query)
  else checkWithoutMatching(expr, query)
}

function checkMatchingLabels(expr: Binary, query: string): void {
  const { matching } = expr
  if (matching === undefined || !matching.on) return
  const both = matching.labels.find((label) => matching.include.includes(label))
  if (both !== undefined) fail(query, operatorPosition(query, expr), `label ${quote(both)} must not occur in ON and GROUP clause at once`)
}

function checkSetOperator(expr: Binary, query: string): void {
  if (!SET_OPERATORS.has(expr.operator) || expr.matching === undefined) return
  const { cardinality, fillLeft, fillRight } = expr.matching
  if (cardinality === 'one-to-many' || cardinality === 'many-to-one') {
    fail(query, expr.position, `no grouping allowed for ${quote(expr.operator)} operation`)
  }
  if (fillLeft !== undefined || fillRight !== undefined) {
    fail(query, expr.position, 'filling in missing series not allowed for set operators')
  }
}

function checkWithoutMatching(expr: Binary, query: string): void {
  const { matching } = expr
  if (matching !== undefined) {
    if (matching.labels.length > 0) fail(query, expr.position, 'vector matching only allowed between instant vectors')
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      fail(query, expr.position, 'filling in missing series only allowed between instant vectors')
    }
  }
  ;(expr as Writable<Binary>).matching = undefined
  if (SET_OPERATORS.has(expr.operator)) {
    fail(query, expr.position, `set operator ${quote(expr.operator)} not allowed in binary scalar expression`)
  }
}

function fail(query: string, position: Position, message: string, hint?: string): never {
  throw parseProblem(query, position, message, hint)
}

/** The operator and its modifiers: what stands between the operands. */
function operatorPosition(query: string, expr: Binary): Position {
  const between = query.slice(expr.left.position.end, expr.right.position.start)
  const start = expr.left.position.end + between.length - between.trimStart().length
  return { start, end: start + between.trim().length }
}
