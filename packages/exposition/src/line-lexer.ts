// The tokens that both text formats have. A token is a range of the body, `start` to `at`; what a parser did not expect
// is named in Prometheus's way, with the range and what came before it in the line.

import { ExpositionError } from './error.ts'
import { quoteBytes, utf8Text } from './quote-bytes.ts'

/** Prometheus's names of tokens, as they stand in its errors. */
export type Token =
  | 'EOF'
  | 'EOFWORD'
  | 'LINEBREAK'
  | 'HELP'
  | 'TYPE'
  | 'UNIT'
  | 'TEXT'
  | 'COMMENT'
  | 'MNAME'
  | 'QSTRING'
  | 'BOPEN'
  | 'BCLOSE'
  | 'LNAME'
  | 'LVALUE'
  | 'EQUAL'
  | 'COMMA'
  | 'TIMESTAMP'
  | 'VALUE'
  | 'INVALID'

export const NUL = 0x00
export const NEWLINE = 0x0a
export const SPACE = 0x20
export const QUOTE = 0x22
export const HASH = 0x23
const COMMA = 0x2c
const COLON = 0x3a
const EQUALS = 0x3d
const BACKSLASH = 0x5c
export const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d
const UNDERSCORE = 0x5f
/** What a byte behind the end is. */
export const BEHIND = -1

/** What a quoted text may hold besides other bytes; Prometheus's lexers differ by place. */
export interface StringRules {
  readonly nul: boolean
  readonly newline: boolean
}

/** Takes tokens from a body. */
export class LineLexer {
  bytes: Uint8Array
  lineStart: number
  start: number
  at: number
  /** 1 when a newline counts as standing behind the last byte. */
  readonly #implied: 0 | 1

  constructor(options: { readonly impliedNewline: boolean }) {
    this.bytes = new Uint8Array(0)
    this.lineStart = 0
    this.start = 0
    this.at = 0
    this.#implied = options.impliedNewline ? 1 : 0
  }

  /** Starts a line. */
  open(bytes: Uint8Array, at: number): void {
    this.bytes = bytes
    this.lineStart = at
    this.start = at
    this.at = at
  }

  byte(at: number): number {
    const { length } = this.bytes
    if (at < length) return this.bytes[at] as number
    return at === length && this.#implied === 1 ? NEWLINE : BEHIND
  }

  get current(): number {
    return this.byte(this.at)
  }

  isAt(byte: number): boolean {
    return this.byte(this.at) === byte
  }

  one(token: Token): Token {
    this.at++
    return token
  }

  /** A name of letters, digits and underscores; a metric's also with colons. */
  nameToken(token: 'MNAME' | 'LNAME'): Token {
    if (isDigit(this.current)) return 'INVALID'
    while (isNameByte(this.current, token)) this.at++
    return this.at > this.start ? token : 'INVALID'
  }

  /** What can stand in braces, but for values. */
  labelToken(rules: StringRules): Token {
    switch (this.current) {
      case BRACE_CLOSE:
        return this.one('BCLOSE')
      case EQUALS:
        return this.one('EQUAL')
      case COMMA:
        return this.one('COMMA')
      case QUOTE:
        return this.stringToken('QSTRING', rules)
      default:
        return this.nameToken('LNAME')
    }
  }

  /** A quoted text with its quotes. */
  stringToken(token: Token, rules: StringRules): Token {
    for (this.at++; ; this.at++) {
      const byte = this.current
      if (byte === BEHIND || (byte === NUL && !rules.nul) || (byte === NEWLINE && !rules.newline)) return 'INVALID'
      if (byte === QUOTE) return this.one(token)
      if (byte === BACKSLASH) {
        const escaped = this.byte(++this.at)
        if (escaped === BEHIND || escaped === NEWLINE) return 'INVALID'
      }
    }
  }

  text(start: number, end: number): string {
    return utf8Text(this.bytes, start, end)
  }

  unexpected(expectation: string, token: Token): ExpositionError {
    const end = Math.min(this.at + 1, this.bytes.length + this.#implied)
    return syntaxError(
      `${expectation}, got ${this.quoted(this.start, end)} ("${token}") while parsing: ${this.quoted(this.lineStart, end)}`,
    )
  }

  /** The line as far as it was read. */
  quotedLine(): string {
    return this.quoted(this.lineStart, this.at)
  }

  quoted(start: number, end: number): string {
    const { length } = this.bytes
    if (end <= length) return quoteBytes(this.bytes.subarray(start, end))
    return quoteBytes(Buffer.concat([this.bytes.subarray(start, length), Buffer.of(NEWLINE)]))
  }
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isNameByte(byte: number, token: 'MNAME' | 'LNAME'): boolean {
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === UNDERSCORE || isDigit(byte)) return true
  return byte === COLON && token === 'MNAME'
}

export function syntaxError(message: string): ExpositionError {
  return new ExpositionError('syntax', message)
}
