import { type QueryError, quote } from '@promlet/model'
import type { Position } from './ast.ts'
import type { Features } from './features.ts'
import { Lexer } from './lexer.ts'
import { parseProblem } from './problem.ts'
import { isAggregator, isKeyword, isOperator, type Token, type TokenKind } from './token.ts'

/** What is being parsed, in Prometheus's words, and what it could go on with. */
export interface Context {
  readonly name: string
  readonly expected: string
}

export const NO_CONTEXT: Context = { name: '', expected: '' }

/** A deeper query would exhaust the stack of whoever walks its tree. */
const DEPTH_MAX = 1000

/** Reads the tokens of a query with one token of lookahead, which is not cut before it is asked for. */
export class Cursor {
  readonly query: string
  readonly features: Features
  /** Where the last taken token ended. */
  end = 0
  /** How deep the tree is here. Whoever goes down with `descend` sets it back. */
  depth = 0
  readonly #lexer: Lexer
  #ahead: Token | undefined

  constructor(query: string, features: Features) {
    this.query = query
    this.features = features
    this.#lexer = new Lexer(query)
  }

  /** The next token. @throws `QueryError` where there is none. */
  peek(): Token {
    this.#ahead ??= this.#lexer.next()
    return this.#ahead
  }

  /** @throws `QueryError` when that is too deep. */
  descend(): void {
    this.depth++
    if (this.depth > DEPTH_MAX) throw this.problem(this.peek(), `the query is nested more than ${DEPTH_MAX} levels deep`)
  }

  is(kind: TokenKind): boolean {
    return this.peek().kind === kind
  }

  take(): Token {
    const token = this.peek()
    this.#ahead = undefined
    this.end = token.end
    return token
  }

  takeIf(kind: TokenKind): Token | undefined {
    return this.is(kind) ? this.take() : undefined
  }

  /** @throws `QueryError` when another token comes. */
  expect(kind: TokenKind, context: Context): Token {
    return this.takeIf(kind) ?? this.unexpected(context, `expected ${JSON.stringify(kind)}`)
  }

  /** @throws `QueryError`, always: the next token cannot stand here. */
  unexpected(context: Context, hint?: string): never {
    const token = this.peek()
    const where = context.name === '' ? '' : ` in ${context.name}`
    const wanted = context.expected === '' ? '' : `, expected ${context.expected}`
    throw this.problem(token, `unexpected ${describe(token)}${where}${wanted}`, hint ?? hintFor(token, context))
  }

  problem(position: Position, message: string, hint?: string): QueryError {
    return parseProblem(this.query, { start: position.start, end: position.end }, message, hint)
  }
}

/** A token as Prometheus's errors name it. */
function describe(token: Token): string {
  switch (token.kind) {
    case 'eof':
      return 'end of input'
    case 'identifier':
    case 'metric identifier':
      return `${token.kind} ${quote(token.text)}`
    case 'number':
    case 'duration':
    case 'string':
      return `${token.kind} ${shorten(token.text)}`
  }
  if (isKeyword(token.kind)) return `<${token.text}>`
  if (isOperator(token.kind)) return `<op:${token.text}>`
  if (isAggregator(token.kind)) return `<aggr:${token.text}>`
  return shorten(token.text)
}

function shorten(text: string): string {
  const chars = [...text]
  return new TextEncoder().encode(text).length > 10 ? `${quote(chars.slice(0, 10).join(''))}...` : quote(text)
}

function hintFor(token: Token, context: Context): string {
  const found = token.kind === 'eof' ? 'the query ends here' : `found ${token.text}`
  return `${found}; ${context.expected === '' ? 'an operator or the end of the query could stand here' : `expected ${context.expected}`}`
}
