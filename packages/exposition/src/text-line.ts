// One line of text 0.0.4, read the way of Prometheus's scrape parser (model/textparse/promparse.go): laxer than the
// client library's in places. Blanks stand between any two tokens, and a newline counts as standing behind the last byte.

import type { Exemplar, Labels, MetricType } from '@promlet/model'
import { quote } from '@promlet/model'
import { BEHIND, BRACE_OPEN, HASH, isDigit, LineLexer, NEWLINE, NUL, QUOTE, SPACE, syntaxError, type Token } from './line-lexer.ts'
import { type LineEntry, type LineReader, readFloat } from './line-reader.ts'
import { parseTimestamp } from './number-text.ts'
import type { MetadataEntry } from './parser.ts'
import { isUtf8Text, quoteBytes } from './quote-bytes.ts'
import { type BraceRules, readLabels, type SeriesContext, SeriesParts, unescapeText } from './series-parts.ts'

const TAB = 0x09
const NO_EXEMPLARS: readonly Exemplar[] = []

const TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
])

export class TextLine implements LineReader {
  readonly #lexer: LineLexer
  readonly #parts: SeriesParts
  readonly #braces: BraceRules
  #metadata: MetadataEntry | undefined
  #seriesStart: number
  #seriesEnd: number
  valueStart: number
  value: number
  timestampMs: number
  readonly exemplars: readonly Exemplar[]

  constructor() {
    this.#lexer = new LineLexer({ impliedNewline: true })
    this.#parts = new SeriesParts()
    this.#braces = { nextToken: () => this.#labelToken(), valueToken: () => this.#labelValueToken(), mayName: true, needsComma: false }
    this.#metadata = undefined
    this.#seriesStart = 0
    this.#seriesEnd = 0
    this.valueStart = 0
    this.value = 0
    this.timestampMs = Number.NaN
    this.exemplars = NO_EXEMPLARS
  }

  /** May be one behind the last byte. A quoted text may hold newlines, so a line may end some newlines later. */
  get end(): number {
    return this.#lexer.at
  }

  read(bytes: Uint8Array, at: number): LineEntry {
    this.#lexer.open(bytes, at)
    this.#parts.open(bytes)
    const token = this.#lineToken()
    switch (token) {
      case 'EOF':
        return 'end'
      case 'LINEBREAK':
        return 'blank'
      case 'COMMENT':
        return 'comment'
      case 'HELP':
      case 'TYPE':
        this.#readMetadata(token)
        return 'metadata'
      case 'MNAME':
      case 'BOPEN':
        this.#readSeries(token)
        return 'series'
      default:
        throw this.#lexer.unexpected('expected a valid start token', token)
    }
  }

  get metadata(): MetadataEntry {
    return this.#metadata as MetadataEntry
  }

  get comment(): string {
    return this.#lexer.text(this.#lexer.start, this.#lexer.at - 1)
  }

  get series(): string {
    return this.#lexer.text(this.#seriesStart, this.#seriesEnd)
  }

  labels(context: SeriesContext): Labels {
    return this.#parts.labels(context)
  }

  emptyLabels(): readonly string[] {
    return this.#parts.emptyLabels()
  }

  #readMetadata(keyword: 'HELP' | 'TYPE'): void {
    const lexer = this.#lexer
    const nameToken = this.#metadataName()
    if (nameToken !== 'MNAME') throw lexer.unexpected(`expected metric name after ${keyword}`, nameToken)
    const quoted = lexer.byte(lexer.start) === QUOTE ? 1 : 0
    const metric = unescapeText(lexer.text(lexer.start + quoted, lexer.at - quoted))
    const start = lexer.at
    while (lexer.current !== NEWLINE) lexer.at++
    // One blank parts name and text; a text of blanks is none.
    const isBlank = this.#skipBlanksFrom(start) === lexer.at
    const text = isBlank ? '' : lexer.text(start + 1, lexer.at)
    if (keyword === 'TYPE') this.#metadata = { kind: 'type', metric, type: typeOf(text) }
    else {
      if (!isUtf8Text(lexer.bytes, start, lexer.at)) {
        throw syntaxError(`help text ${quoteBytes(lexer.bytes.subarray(start + 1, lexer.at))} is not a valid utf8 string`)
      }
      this.#metadata = { kind: 'help', metric, help: text.replace(/\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char)) }
    }
    lexer.at++
  }

  #readSeries(first: 'MNAME' | 'BOPEN'): void {
    const lexer = this.#lexer
    this.#seriesStart = lexer.start
    let token: Token = first
    if (first === 'MNAME') {
      this.#parts.setName(lexer.start, lexer.at)
      this.#seriesEnd = lexer.at
      token = this.#valueToken()
    }
    if (token === 'BOPEN') {
      readLabels(lexer, this.#parts, this.#braces)
      this.#seriesEnd = lexer.at
      token = this.#valueToken()
    }
    if (!this.#parts.hasName) throw syntaxError(`metric name not set while parsing: ${lexer.quotedLine()}`)
    if (token !== 'VALUE') throw lexer.unexpected('expected value after metric', token)
    this.valueStart = lexer.start
    this.value = readFloat(lexer, 0)
    this.#readTimestamp()
  }

  #readTimestamp(): void {
    const lexer = this.#lexer
    this.timestampMs = Number.NaN
    let token = this.#timestampToken()
    if (token === 'LINEBREAK') return
    if (token !== 'TIMESTAMP') throw lexer.unexpected('expected timestamp or new record', token)
    const value = parseTimestamp(lexer.text(lexer.start, lexer.at))
    if (typeof value !== 'number') {
      throw syntaxError(`strconv.ParseInt: parsing ${lexer.quoted(lexer.start, lexer.at)}: ${value} while parsing: ${lexer.quotedLine()}`)
    }
    this.timestampMs = value
    token = this.#timestampToken()
    if (token !== 'LINEBREAK') throw lexer.unexpected('expected next entry after timestamp', token)
  }

  // The tokens. Each method takes the next one of its place in the line, without the blanks before it.

  #lineToken(): Token {
    const lexer = this.#lexer
    this.#skipBlanks()
    switch (lexer.current) {
      case BEHIND:
      case NUL:
        return 'EOF'
      case NEWLINE:
        return lexer.one('LINEBREAK')
      case HASH:
        return this.#hashToken()
      case BRACE_OPEN:
        return lexer.one('BOPEN')
      default:
        return lexer.nameToken('MNAME')
    }
  }

  #hashToken(): Token {
    const lexer = this.#lexer
    const afterBlanks = this.#skipBlanksFrom(lexer.at + 1)
    if (afterBlanks > lexer.at + 1) {
      for (const keyword of ['HELP', 'TYPE'] as const) {
        if (!this.#hasKeyword(afterBlanks, keyword)) continue
        lexer.at = afterBlanks + keyword.length
        return keyword
      }
    }
    while (lexer.current !== NEWLINE) lexer.at++
    return lexer.one('COMMENT')
  }

  #hasKeyword(at: number, keyword: string): boolean {
    for (let index = 0; index < keyword.length; index++) {
      if (this.#lexer.byte(at + index) !== keyword.charCodeAt(index)) return false
    }
    return this.#skipBlanksFrom(at + keyword.length) > at + keyword.length
  }

  #metadataName(): Token {
    this.#skipBlanks()
    const lexer = this.#lexer
    return lexer.current === QUOTE ? lexer.stringToken('MNAME', { nul: false, newline: true }) : lexer.nameToken('MNAME')
  }

  #labelToken(): Token {
    this.#skipBlanks()
    return this.#lexer.labelToken({ nul: false, newline: true })
  }

  #labelValueToken(): Token {
    this.#skipBlanks()
    const lexer = this.#lexer
    return lexer.current === QUOTE ? lexer.stringToken('LVALUE', { nul: true, newline: true }) : 'INVALID'
  }

  #valueToken(): Token {
    this.#skipBlanks()
    const lexer = this.#lexer
    if (lexer.current === BRACE_OPEN) return lexer.one('BOPEN')
    while (isValueByte(lexer.current)) lexer.at++
    return lexer.at > lexer.start ? 'VALUE' : 'INVALID'
  }

  #timestampToken(): Token {
    this.#skipBlanks()
    const lexer = this.#lexer
    if (lexer.current === NEWLINE) return lexer.one('LINEBREAK')
    while (isDigit(lexer.current)) lexer.at++
    return lexer.at > lexer.start ? 'TIMESTAMP' : 'INVALID'
  }

  #skipBlanks(): void {
    const lexer = this.#lexer
    lexer.at = this.#skipBlanksFrom(lexer.at)
    lexer.start = lexer.at
  }

  #skipBlanksFrom(from: number): number {
    let at = from
    for (let byte = this.#lexer.byte(at); byte === SPACE || byte === TAB; byte = this.#lexer.byte(at)) at++
    return at
  }
}

function typeOf(text: string): MetricType {
  const type = TYPES.get(text)
  if (type === undefined) throw syntaxError(`invalid metric type ${quote(text)}`)
  return type
}

function isValueByte(byte: number): boolean {
  return byte !== BRACE_OPEN && byte !== SPACE && byte !== TAB && byte !== NEWLINE && byte !== NUL && byte !== BEHIND
}
