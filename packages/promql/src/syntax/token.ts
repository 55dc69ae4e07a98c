// The tokens of PromQL, as Prometheus's lexer cuts them (promql/parser/lex.go). What a letter means depends on
// where it stands: keywords are names inside braces, brackets know durations only, and `fill` is a keyword only
// before a parenthesis. The kinds of fixed tokens are their own text.

export type TokenKind =
  | 'eof'
  | 'identifier'
  | 'metric identifier'
  | 'number'
  | 'duration'
  | 'string'
  | Mark
  | Operator
  | Aggregator
  | Keyword
  | QueryWord

type Mark = '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | '='
type Operator = (typeof OPERATORS)[number]
type Aggregator = (typeof AGGREGATORS)[number]
type Keyword = (typeof KEYWORDS)[number]
type QueryWord = (typeof QUERY_WORDS)[number]

const OPERATORS = [
  ...(['+', '-', '*', '/', '%', '^', '==', '!=', '<', '<=', '>', '>=', '</', '>/', '=~', '!~', '@'] as const),
  ...(['and', 'or', 'unless', 'atan2'] as const),
] as const

const AGGREGATORS = [
  ...(['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk'] as const),
  ...(['count_values', 'quantile', 'limitk', 'limit_ratio'] as const),
] as const

const KEYWORDS = [
  ...(['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool'] as const),
  ...(['fill', 'fill_left', 'fill_right'] as const),
] as const

/** Words for the time and range of the whole query. */
const QUERY_WORDS = ['start', 'end', 'step', 'range', 'min_of', 'max_of'] as const

/** A piece of the query; offsets are UTF-16 units, `end` exclusive. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly end: number
}

const operators: ReadonlySet<string> = new Set(OPERATORS)
const aggregators: ReadonlySet<string> = new Set(AGGREGATORS)
const keywords: ReadonlySet<string> = new Set(KEYWORDS)
const words: ReadonlySet<string> = new Set([...AGGREGATORS, ...KEYWORDS, ...QUERY_WORDS, 'and', 'or', 'unless', 'atan2'])

/** The words that stand for something else than a name where an expression may stand, in lower case. */
export function wordKind(text: string): TokenKind | undefined {
  const lower = text.toLowerCase()
  if (lower === 'inf' || lower === 'nan') return 'number'
  return words.has(lower) ? (lower as TokenKind) : undefined
}

export function isAggregator(kind: TokenKind): kind is Aggregator {
  return aggregators.has(kind)
}

export function isOperator(kind: TokenKind): kind is Operator {
  return operators.has(kind)
}

export function isKeyword(kind: TokenKind): kind is Keyword {
  return keywords.has(kind)
}
