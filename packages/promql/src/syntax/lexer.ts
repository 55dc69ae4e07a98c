// Cuts a query into tokens by the rules of Prometheus's lexer (promql/parser/lex.go), with its error texts. Three
// states decide what is legal: outside, inside braces, and inside brackets until the first number.

import { quote } from '@promlet/model'
import { parseProblem } from './problem.ts'
import { scanNumber } from './scan-number.ts'
import { scanString } from './scan-string.ts'
import { type Token, type TokenKind, wordKind } from './token.ts'

const SPACE = /[ \t\r\n]*/y
const COMMENT = /#[^\r\n]*/y
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const LETTERS = /[a-zA-Z_]+/y
const BEFORE_PARENTHESIS = /[ \t\r\n]*\(/y
/** Two-character tokens first. */
const OPERATOR = /==|!=|<=|<\/|>=|>\/|[-+*/%^<>=@,]/y

/** Gives the tokens of one query in order; `eof` again and again after the last. */
export class Lexer {
  readonly query: string
  #at = 0
  #parenDepth = 0
  #inBraces = false
  #inBrackets = false
  /** After `[` until the first number: only what a duration expression can hold. */
  #inDuration = false
  #sawColon = false
  /** Never false again: Prometheus reports a missing duration here only before the first of the query. */
  #sawDuration = false

  constructor(query: string) {
    this.query = query
  }

  /** @throws `QueryError` where the text is no token. */
  next(): Token {
    this.#skip(SPACE)
    while (!this.#inDuration && this.query[this.#at] === '#') {
      this.#skip(COMMENT)
      this.#skip(SPACE)
    }
    const char = this.query[this.#at]
    if (this.#inDuration) return this.#insideDuration(char)
    if (this.#inBraces) return this.#insideBraces(char)
    return this.#outside(char)
  }

  #outside(char: string | undefined): Token {
    if (char === undefined) return this.#end()
    if (isDigit(char) || (char === '.' && isDigit(this.query[this.#at + 1]))) return this.#number()
    if (isLetter(char) || char === ':') return this.#inBrackets ? this.#wordInBrackets(char) : this.#word()
    if (char === '"' || char === "'" || char === '`') return this.#string()
    if (char === '=' && this.query[this.#at + 1] === '~') this.#fail(`unexpected character after '=': '~'`, this.#at, this.#at + 1)
    if (char === '!' && this.query[this.#at + 1] !== '=') {
      this.#fail(`unexpected character after '!': ${quoteChar(this.#charAt(this.#at + 1))}`, this.#at, this.#at + 1)
    }
    const operator = this.#match(OPERATOR)
    if (operator !== undefined) return this.#take(operator as TokenKind, operator.length)
    return this.#bracket(char)
  }

  #bracket(char: string): Token {
    switch (char) {
      case '(':
        this.#parenDepth++
        return this.#take('(', 1)
      case ')':
        return this.#closeParen()
      case '{':
        this.#inBraces = true
        return this.#take('{', 1)
      case '[':
        if (this.#inBrackets) this.#fail(`unexpected left bracket '['`)
        this.#inBrackets = true
        this.#inDuration = true
        this.#sawColon = false
        return this.#take('[', 1)
      case ']':
        if (!this.#inBrackets) this.#fail(`unexpected right bracket ']'`)
        this.#inBrackets = false
        return this.#take(']', 1)
    }
    return this.#fail(`unexpected character: ${quoteChar(this.#charAt(this.#at))}`)
  }

  #closeParen(): Token {
    this.#parenDepth--
    // The parenthesis is already cut off when it is found to be too much: the error stands behind it.
    if (this.#parenDepth < 0) this.#fail(`unexpected right parenthesis ')'`, this.#at + 1)
    return this.#take(')', 1)
  }

  #end(): Token {
    if (this.#parenDepth !== 0) this.#fail('unclosed left parenthesis')
    if (this.#inBrackets) this.#fail('unclosed left bracket')
    return this.#take('eof', 0)
  }

  #insideBraces(char: string | undefined): Token {
    if (char === undefined) return this.#fail('unexpected end of input inside braces')
    if (isLetter(char)) return this.#take('identifier', (this.#match(NAME) as string).length)
    const pair = this.query.slice(this.#at, this.#at + 2)
    if (pair === '=~' || pair === '!~' || pair === '!=') return this.#take(pair, 2)
    switch (char) {
      case ',':
      case '=':
        return this.#take(char, 1)
      case '"':
      case "'":
      case '`':
        return this.#string()
      case '}':
        this.#inBraces = false
        return this.#take('}', 1)
      case '!':
        return this.#fail(`unexpected character after '!' inside braces: ${quoteChar(this.#charAt(this.#at + 1))}`)
      case '{':
        return this.#fail(`unexpected left brace '{'`)
    }
    return this.#fail(`unexpected character inside braces: ${quoteChar(this.#charAt(this.#at))}`)
  }

  #insideDuration(char: string | undefined): Token {
    if (char === undefined) return this.#fail('unexpected end of input in duration expression')
    if (isDigit(char) || (char === '.' && isDigit(this.query[this.#at + 1]))) {
      this.#sawDuration = true
      this.#inDuration = false
      return this.#number()
    }
    switch (char) {
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
      case ',':
        return this.#take(char, 1)
      case '(':
        this.#parenDepth++
        return this.#take('(', 1)
      case ')':
        return this.#closeParen()
      case ']':
        this.#inBrackets = false
        this.#inDuration = false
        this.#sawColon = false
        return this.#take(']', 1)
      case ':':
        return this.#colonInDuration()
    }
    const word = this.#durationWord()
    return word ?? this.#fail(`unexpected character in duration expression: ${quoteChar(this.#charAt(this.#at))}`)
  }

  #colonInDuration(): Token {
    if (!this.#sawDuration) this.#fail('unexpected colon before duration in duration expression', this.#at + 1)
    if (this.#sawColon) this.#fail('unexpected repeated colon in duration expression', this.#at + 1)
    this.#sawColon = true
    return this.#take(':', 1)
  }

  #wordInBrackets(char: string): Token {
    if (char === ':') {
      if (this.#sawColon) this.#fail(`unexpected colon ':'`)
      this.#sawColon = true
      return this.#take(':', 1)
    }
    return this.#durationWord() ?? this.#fail(`unexpected character: ${quoteChar(char)}, expected ':'`)
  }

  #durationWord(): Token | undefined {
    const word = this.#match(LETTERS)?.toLowerCase()
    if (word !== 'step' && word !== 'range' && word !== 'min_of' && word !== 'max_of') return undefined
    // Prometheus forgets this, and refuses `up[step():]`.
    this.#sawDuration = true
    return this.#take(word, word.length)
  }

  #word(): Token {
    const text = this.#match(WORD) as string
    const kind = wordKind(text)
    if (kind?.startsWith('fill')) {
      // They were fine names before they were modifiers, and are that still where no value follows.
      BEFORE_PARENTHESIS.lastIndex = this.#at + text.length
      return this.#take(BEFORE_PARENTHESIS.test(this.query) ? kind : 'identifier', text.length)
    }
    return this.#take(kind ?? (text.includes(':') ? 'metric identifier' : 'identifier'), text.length)
  }

  #number(): Token {
    const scan = scanNumber(this.query, this.#at)
    if (scan.kind === undefined) {
      return this.#fail(`bad number or duration syntax: ${quote(this.query.slice(this.#at, scan.end))}`, this.#at, scan.end)
    }
    return this.#take(scan.kind, scan.end - this.#at)
  }

  #string(): Token {
    const scan = scanString(this.query, this.#at)
    if (scan.problem !== undefined) return this.#fail(scan.problem, this.#at, scan.end)
    return this.#take('string', scan.end - this.#at)
  }

  #skip(pattern: RegExp): void {
    this.#at += this.#match(pattern)?.length ?? 0
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    return pattern.exec(this.query)?.[0]
  }

  #take(kind: TokenKind, length: number): Token {
    const start = this.#at
    this.#at += length
    return { kind, text: this.query.slice(start, this.#at), start, end: this.#at }
  }

  #charAt(offset: number): string {
    const code = this.query.codePointAt(offset)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  #fail(message: string, start: number = this.#at, end: number = start + 1): never {
    throw parseProblem(this.query, { start, end: Math.min(end, Math.max(start, this.query.length)) }, message)
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9'
}

function isLetter(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_'
}

/** A character in single quotes as Go's %q writes it; the end of the text is the replacement character. */
export function quoteChar(char: string): string {
  if (char === '') return "'\ufffd'"
  if (char === "'") return "'\\''"
  if (char === '"') return `'"'`
  return `'${quote(char).slice(1, -1)}'`
}
