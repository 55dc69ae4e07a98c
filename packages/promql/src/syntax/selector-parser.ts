import { Matcher, METRIC_NAME } from '@promlet/model'
import type { VectorSelector } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { takeString } from './literal.ts'
import { isAggregator, type Token, type TokenKind } from './token.ts'

/** Keywords that can also be the name of a metric. */
const METRIC_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...(['identifier', 'metric identifier', 'by', 'without', 'offset', 'anchored', 'smoothed', 'and', 'or', 'unless'] as const),
  ...(['start', 'end', 'step', 'range', 'min_of', 'max_of'] as const),
])

const FIRST_OR_END = { name: 'label matching', expected: 'identifier or "}"' }
const NEXT_OR_END = { name: 'label matching', expected: '"," or "}"' }
const OPERATOR = { name: 'label matching', expected: 'label matching operator' }
const VALUE = { name: 'label matching', expected: 'string' }

export function canBeMetricName(kind: TokenKind): boolean {
  return METRIC_WORDS.has(kind) || isAggregator(kind)
}

/** Parses the rest of a selector whose name, if it has one before the braces, is taken already. */
export function parseSelector(cursor: Cursor, name: Token | undefined): VectorSelector {
  const start = name?.start ?? cursor.peek().start
  const matchers = cursor.is('{') ? parseMatchers(cursor) : []
  if (name !== undefined) matchers.push(new Matcher(METRIC_NAME, '=', name.text))
  return {
    kind: 'vector-selector',
    name: name?.text ?? '',
    matchers,
    offset: undefined,
    at: undefined,
    extension: undefined,
    position: { start, end: cursor.end },
  }
}

function parseMatchers(cursor: Cursor): Matcher[] {
  cursor.take()
  const matchers: Matcher[] = []
  if (cursor.takeIf('}') !== undefined) return matchers
  for (;;) {
    matchers.push(parseMatcher(cursor))
    if (cursor.takeIf('}') !== undefined) return matchers
    if (cursor.takeIf(',') === undefined) cursor.unexpected(NEXT_OR_END)
    if (cursor.takeIf('}') !== undefined) return matchers
  }
}

function parseMatcher(cursor: Cursor): Matcher {
  const token = cursor.peek()
  if (token.kind === 'string') {
    const { value } = takeString(cursor)
    // A quoted text alone is the metric's name.
    return isMatchOperator(cursor.peek().kind) ? parseCondition(cursor, token, value) : new Matcher(METRIC_NAME, '=', value)
  }
  if (token.kind !== 'identifier') cursor.unexpected(FIRST_OR_END)
  cursor.take()
  if (!isMatchOperator(cursor.peek().kind)) cursor.unexpected(OPERATOR, 'expected one of =, !=, =~, !~ after the label name')
  return parseCondition(cursor, token, token.text)
}

function parseCondition(cursor: Cursor, label: Token, name: string): Matcher {
  const operator = cursor.take().kind as '=' | '!=' | '=~' | '!~'
  if (!cursor.is('string')) cursor.unexpected(VALUE, 'expected the value in quotes')
  const { value, position } = takeString(cursor)
  try {
    return new Matcher(name, operator, value)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw cursor.problem({ start: label.start, end: position.end }, error.message)
  }
}

function isMatchOperator(kind: TokenKind): boolean {
  return kind === '=' || kind === '!=' || kind === '=~' || kind === '!~'
}
