// Expressions, by precedence: or · and, unless · comparisons · + - · * / % atan2 and signs · ^ (right to left) ·
// modifiers. So `-1 ^ 2` is -(1 ^ 2), and `a + b offset 5m * c` offsets b alone.

import { quote } from '@promlet/model'
import type { AggregationOperator, Binary, BinaryOperator, Expr, VectorMatching } from './ast.ts'
import { type Context, type Cursor, NO_CONTEXT } from './cursor.ts'
import { parseGrouping } from './grouping-parser.ts'
import { takeNumber, takeString } from './literal.ts'
import { parseModifiers } from './modifier-parser.ts'
import { canBeMetricName, parseSelector } from './selector-parser.ts'
import { functionSignatures } from './signatures.ts'
import { similarNames } from './similar.ts'
import { isAggregator, type Token, type TokenKind } from './token.ts'

const PRECEDENCE: Readonly<Partial<Record<TokenKind, number>>> = {
  or: 1,
  and: 2,
  unless: 2,
  ...{ '==': 3, '!=': 3, '>': 3, '<': 3, '>=': 3, '<=': 3, '</': 3, '>/': 3 },
  ...{ '+': 4, '-': 4 },
  ...{ '*': 5, '/': 5, '%': 5, atan2: 5 },
  '^': 6,
}
const UNARY_PRECEDENCE = 5

const AGGREGATION: Context = { name: 'aggregation', expected: '' }
const WITH_PARAM: ReadonlySet<string> = new Set(['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'])
const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/** Parses one expression; `context` is what Prometheus says of tokens that fit nothing in it. */
export function parseExpression(cursor: Cursor, context: Context = NO_CONTEXT, precedenceMin = 1): Expr {
  const { depth } = cursor
  cursor.descend()
  let left = parseSigned(cursor, context)
  for (;;) {
    const precedence = PRECEDENCE[cursor.peek().kind]
    if (precedence === undefined || precedence < precedenceMin) break
    // What stands to the left sinks by one level with every operator.
    cursor.descend()
    const operator = cursor.take().kind as BinaryOperator
    const modifiers = parseBinaryModifiers(cursor, context)
    const right = parseExpression(cursor, context, operator === '^' ? precedence : precedence + 1)
    left = makeBinary(cursor, operator, left, right, modifiers)
  }
  cursor.depth = depth
  return left
}

function parseSigned(cursor: Cursor, context: Context): Expr {
  const token = cursor.peek()
  if (token.kind !== '+' && token.kind !== '-') return parseModifiers(cursor, parseOperand(cursor, context))
  cursor.take()
  const expr = parseExpression(cursor, context, UNARY_PRECEDENCE + 1)
  const position = { start: token.start, end: expr.position.end }
  if (expr.kind !== 'number') return { kind: 'unary', operator: token.kind, expr, position }
  return { ...expr, value: token.kind === '-' ? -expr.value : expr.value, position }
}

function parseOperand(cursor: Cursor, context: Context): Expr {
  const token = cursor.peek()
  switch (token.kind) {
    case 'number':
    case 'duration':
      return takeNumber(cursor)
    case 'string':
      return takeString(cursor)
    case '(':
      return parseParen(cursor, context)
    case '{':
      return parseSelector(cursor, undefined)
  }
  if (!canBeMetricName(token.kind)) cursor.unexpected(context, operandHint(token))
  cursor.take()
  if (isAggregator(token.kind) && (cursor.is('(') || cursor.is('by') || cursor.is('without'))) return parseAggregation(cursor, token)
  if (isCallable(token.kind) && cursor.is('(')) return parseCall(cursor, token, context)
  return parseSelector(cursor, token)
}

function operandHint(token: Token): string {
  const found = token.kind === 'eof' ? 'the query ends here' : `found ${token.text}`
  return `${found}; expected a metric name, a function, an aggregation, a number, a string or "("`
}

function isCallable(kind: TokenKind): boolean {
  return ['identifier', 'start', 'end', 'step', 'range', 'min_of', 'max_of'].includes(kind)
}

function parseParen(cursor: Cursor, context: Context): Expr {
  const { start } = cursor.take()
  const expr = parseExpression(cursor, context)
  const { end } = cursor.expect(')', context)
  return { kind: 'paren', expr, position: { start, end } }
}

function parseCall(cursor: Cursor, name: Token, context: Context): Expr {
  const args = parseArguments(cursor, context)
  const signature = functionSignatures.get(name.text)
  if (signature === undefined) {
    throw cursor.problem(name, `unknown function with name ${quote(name.text)}`, unknownHint(name.text))
  }
  if (signature.isExperimental && !cursor.features.experimentalFunctions) {
    throw cursor.problem(name, `function ${quote(name.text)} is not enabled`, 'it needs --enable-feature=promql-experimental-functions')
  }
  return { kind: 'call', name: name.text, args, position: { start: name.start, end: cursor.end } }
}

function unknownHint(name: string): string {
  const similar = similarNames(name, functionSignatures.keys())
  return similar.length === 0 ? 'PromQL has no function of this or a similar name' : `did you mean ${similar.join(' or ')}?`
}

function parseArguments(cursor: Cursor, context: Context): Expr[] {
  cursor.take()
  const args: Expr[] = []
  if (cursor.takeIf(')') !== undefined) return args
  for (;;) {
    args.push(parseExpression(cursor, context))
    if (cursor.takeIf(')') !== undefined) return args
    const comma = cursor.expect(',', context)
    if (!canStartExpression(cursor.peek().kind)) throw cursor.problem(comma, 'trailing commas not allowed in function call args')
  }
}

function canStartExpression(kind: TokenKind): boolean {
  return canBeMetricName(kind) || ['number', 'duration', 'string', '(', '{', '+', '-'].includes(kind)
}

function parseAggregation(cursor: Cursor, name: Token): Expr {
  let modifier = parseAggregationModifier(cursor)
  if (!cursor.is('(')) cursor.unexpected(AGGREGATION, 'expected the aggregated expression in parentheses')
  const args = parseArguments(cursor, AGGREGATION)
  let end = cursor.end
  if (modifier === undefined) {
    modifier = parseAggregationModifier(cursor)
    if (modifier !== undefined) end = cursor.end
  }
  const position = { start: name.start, end }
  const operator = name.kind as AggregationOperator
  const argsExpected = WITH_PARAM.has(operator) ? 2 : 1
  if (args.length === 0) throw cursor.problem(position, 'no arguments for aggregate expression provided')
  if ((operator === 'limitk' || operator === 'limit_ratio') && !cursor.features.experimentalFunctions) {
    throw cursor.problem(position, `${operator}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`)
  }
  if (args.length !== argsExpected) {
    throw cursor.problem(
      position,
      `wrong number of arguments for aggregate expression provided, expected ${argsExpected}, got ${args.length}`,
      `write ${operator}(${argsExpected === 1 ? '' : operator === 'count_values' ? 'label, ' : 'number, '}vector)`,
    )
  }
  const param = argsExpected === 2 ? args[0] : undefined
  const { grouping, without } = modifier ?? { grouping: [], without: false }
  return { kind: 'aggregation', operator, param, expr: args[argsExpected - 1] as Expr, grouping, without, position }
}

function parseAggregationModifier(cursor: Cursor): { grouping: string[]; without: boolean } | undefined {
  const token = cursor.takeIf('by') ?? cursor.takeIf('without')
  return token === undefined ? undefined : { without: token.kind === 'without', grouping: parseGrouping(cursor) }
}

interface BinaryModifiers {
  readonly bool: boolean
  readonly matching: VectorMatching
}

function parseBinaryModifiers(cursor: Cursor, context: Context): BinaryModifiers {
  const bool = cursor.takeIf('bool') !== undefined
  const clause = cursor.takeIf('on') ?? cursor.takeIf('ignoring')
  const labels = clause === undefined ? [] : parseGrouping(cursor)
  const group = clause === undefined ? undefined : (cursor.takeIf('group_left') ?? cursor.takeIf('group_right'))
  const include = group === undefined ? [] : parseInclude(cursor)
  const cardinality = group === undefined ? 'one-to-one' : group.kind === 'group_left' ? 'many-to-one' : 'one-to-many'
  const fill = parseFill(cursor, context)
  return { bool, matching: { cardinality, on: clause?.kind === 'on', labels, include, ...fill } }
}

/** The labels of a group modifier may be missing, but then the other side or a fill must follow. */
function parseInclude(cursor: Cursor): string[] {
  const { kind } = cursor.peek()
  const canFollow = canStartExpression(kind) || kind === 'fill' || kind === 'fill_left' || kind === 'fill_right'
  return kind === '(' || !canFollow ? parseGrouping(cursor) : []
}

function parseFill(cursor: Cursor, context: Context): Pick<VectorMatching, 'fillLeft' | 'fillRight'> {
  if (cursor.takeIf('fill') !== undefined) {
    const value = parseFillValue(cursor, context)
    return { fillLeft: value, fillRight: value }
  }
  let fillLeft: number | undefined
  let fillRight: number | undefined
  // One of each, in either order.
  for (;;) {
    if (fillLeft === undefined && cursor.takeIf('fill_left') !== undefined) fillLeft = parseFillValue(cursor, context)
    else if (fillRight === undefined && cursor.takeIf('fill_right') !== undefined) fillRight = parseFillValue(cursor, context)
    else return { fillLeft, fillRight }
  }
}

function parseFillValue(cursor: Cursor, context: Context): number {
  cursor.expect('(', context)
  const sign = cursor.takeIf('-') ?? cursor.takeIf('+')
  if (!cursor.is('number') && !cursor.is('duration')) cursor.unexpected(context, 'expected the number to fill in')
  const { value } = takeNumber(cursor)
  cursor.expect(')', context)
  return sign?.kind === '-' ? -value : value
}

function makeBinary(cursor: Cursor, operator: BinaryOperator, left: Expr, right: Expr, modifiers: BinaryModifiers): Binary {
  const position = { start: left.position.start, end: right.position.end }
  const { bool, matching } = modifiers
  const isFilled = matching.fillLeft !== undefined || matching.fillRight !== undefined
  if (isFilled && !cursor.features.fillModifiers) {
    throw cursor.problem(position, 'binop fill modifiers are experimental and not enabled')
  }
  const isSet = SET_OPERATORS.has(operator) && matching.cardinality === 'one-to-one'
  return {
    kind: 'binary',
    operator,
    left,
    right,
    matching: isSet ? { ...matching, cardinality: 'many-to-many' } : matching,
    bool,
    position,
  }
}
