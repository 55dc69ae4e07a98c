// One line of text 0.0.4, read the way of Prometheus's scrape parser (model/textparse/promparse.go): laxer than the
// client library's in places, and with its own error texts, which name the token that was found. Tokens are ranges of
// the body; a newline counts as standing behind the last byte.

import { compareText, Labels, METRIC_NAME, type MetricType, quote } from '@promlet/model'
import { ExpositionError } from './error.ts'
import { readNumber } from './float-reader.ts'
import { formatFloatOpenMetrics, parseSampleValue, parseTimestamp } from './number-text.ts'
import type { MetadataEntry } from './parser.ts'
import { isUtf8Text, quoteBytes, utf8Text } from './quote-bytes.ts'

/** Prometheus's names of tokens, as they stand in its errors. */
type Token =
  | 'EOF'
  | 'LINEBREAK'
  | 'HELP'
  | 'TYPE'
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

export type LineEntry = 'series' | 'metadata' | 'comment' | 'blank' | 'end'

const NUL = 0x00
const TAB = 0x09
const NEWLINE = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const COMMA = 0x2c
const COLON = 0x3a
const EQUALS = 0x3d
const BACKSLASH = 0x5c
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d
/** What a byte behind the last newline is. */
const BEHIND = -1

const TYPES: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
])

/** Reads lines one at a time. The fields tell of the line that was read last. */
export class TextLine {
  #bytes: Uint8Array
  #lineStart: number
  #start: number
  #at: number
  /** Ranges, start and end: of the metric name (-1 while unknown), then of label names and values in turn. */
  readonly #ranges: number[]
  #metadata: MetadataEntry | undefined
  /** Of a series: its text and where its value starts. */
  seriesStart: number
  seriesEnd: number
  valueStart: number
  value: number
  /** NaN when there is none. */
  timestampMs: number

  constructor() {
    this.#bytes = new Uint8Array(0)
    this.#lineStart = 0
    this.#start = 0
    this.#at = 0
    this.#ranges = []
    this.#metadata = undefined
    this.seriesStart = 0
    this.seriesEnd = 0
    this.valueStart = 0
    this.value = 0
    this.timestampMs = Number.NaN
  }

  /** Where the line ended: behind its newline, which may be one behind the last byte. */
  get end(): number {
    return this.#at
  }

  /** Reads the line that starts at `at`. A quoted text may hold newlines, so it may end some newlines later. */
  read(bytes: Uint8Array, at: number): LineEntry {
    this.#bytes = bytes
    this.#lineStart = at
    this.#at = at
    this.#ranges.length = 0
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
        this.#readNamedSeries()
        return 'series'
      case 'BOPEN':
        this.#readBracedSeries()
        return 'series'
      default:
        throw this.#unexpected('expected a valid start token', token)
    }
  }

  /** Of a metadata line. */
  get metadata(): MetadataEntry {
    return this.#metadata as MetadataEntry
  }

  /** Of a comment line. */
  get comment(): string {
    return utf8Text(this.#bytes, this.#start, this.#at - 1)
  }

  get series(): string {
    return utf8Text(this.#bytes, this.seriesStart, this.seriesEnd)
  }

  /** `type` is that of the TYPE line above; with `withType` it becomes a label. */
  labels(type: MetricType, withType: boolean): Labels {
    const names = [METRIC_NAME]
    const values = [this.#unescaped(0)]
    const typed = withType && type !== 'unknown'
    if (typed) insertLabel(names, values, '__type__', type)
    const special = type === 'summary' ? 'quantile' : type === 'histogram' ? 'le' : undefined
    for (let range = 2; range < this.#ranges.length; range += 4) {
      const name = this.#unescaped(range)
      const value = this.#unescaped(range + 2)
      if (typed && name === '__type__') continue
      insertLabel(names, values, name, name === special ? normalised(value) : value)
    }
    return withoutEmpty(names, values)
  }

  /** The names of labels that stand there without a value. */
  emptyLabels(): readonly string[] {
    const names: string[] = []
    for (let range = 2; range < this.#ranges.length; range += 4) {
      if (this.#ranges[range + 2] === this.#ranges[range + 3]) names.push(this.#unescaped(range))
    }
    return names
  }

  #unescaped(range: number): string {
    return unescapeText(utf8Text(this.#bytes, this.#ranges[range] as number, this.#ranges[range + 1] as number))
  }

  #readMetadata(keyword: 'HELP' | 'TYPE'): void {
    const nameToken = this.#metadataName()
    if (nameToken !== 'MNAME') throw this.#unexpected(`expected metric name after ${keyword}`, nameToken)
    const quoted = this.#byte(this.#start) === QUOTE ? 1 : 0
    const metric = unescapeText(utf8Text(this.#bytes, this.#start + quoted, this.#at - quoted))
    const start = this.#at
    while (this.#byte(this.#at) !== NEWLINE) this.#at++
    // One blank parts name and text; a text of blanks is none.
    const isBlank = this.#skipBlanksFrom(start) === this.#at
    const text = isBlank ? '' : utf8Text(this.#bytes, start + 1, this.#at)
    if (keyword === 'TYPE') this.#metadata = { kind: 'type', metric, type: typeOf(text) }
    else {
      if (!isUtf8Text(this.#bytes, start, this.#at)) {
        throw syntaxError(`help text ${quoteBytes(this.#bytes.subarray(start + 1, this.#at))} is not a valid utf8 string`)
      }
      this.#metadata = { kind: 'help', metric, help: text.replace(/\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char)) }
    }
    this.#at++
  }

  #readNamedSeries(): void {
    this.#ranges.push(this.#start, this.#at)
    this.seriesStart = this.#start
    this.seriesEnd = this.#at
    let token = this.#valueToken()
    if (token === 'BOPEN') {
      this.#readLabels()
      this.seriesEnd = this.#at
      token = this.#valueToken()
    }
    this.#readValue(token)
  }

  #readBracedSeries(): void {
    this.#ranges.push(-1, -1)
    this.seriesStart = this.#start
    this.#readLabels()
    this.seriesEnd = this.#at
    this.#readValue(this.#valueToken())
  }

  /** Reads behind the opening brace up to and with the closing one. */
  #readLabels(): void {
    const ranges = this.#ranges
    let token = this.#labelToken()
    while (token !== 'BCLOSE') {
      if (token !== 'LNAME' && token !== 'QSTRING') throw this.#unexpected('expected label name', token)
      const quoted = token === 'QSTRING' ? 1 : 0
      const start = this.#start + quoted
      const end = this.#at - quoted
      token = this.#labelToken()
      if (quoted === 1 && (token === 'COMMA' || token === 'BCLOSE')) {
        // A quoted text without a value is the metric's name.
        if (ranges[0] !== -1) throw syntaxError(`metric name already set while parsing: ${this.#quotedTo(this.#at)}`)
        ranges[0] = start
        ranges[1] = end
      } else {
        if (token !== 'EQUAL') throw this.#unexpected('expected equal', token)
        const value = this.#labelValueToken()
        if (value !== 'LVALUE') throw this.#unexpected('expected label value', value)
        if (!isUtf8Text(this.#bytes, this.#start, this.#at)) {
          throw syntaxError(`invalid UTF-8 label value: ${quoteBytes(this.#bytes.subarray(this.#start, this.#at))}`)
        }
        ranges.push(start, end, this.#start + 1, this.#at - 1)
        token = this.#labelToken()
      }
      if (token === 'COMMA') token = this.#labelToken()
    }
  }

  /** Reads from the value token, which is given, to the end of the line. */
  #readValue(token: Token): void {
    if (this.#ranges[0] === -1) throw syntaxError(`metric name not set while parsing: ${this.#quotedTo(this.#at)}`)
    if (token !== 'VALUE') throw this.#unexpected('expected value after metric', token)
    this.valueStart = this.#start
    this.value = this.#readFloat()
    this.timestampMs = Number.NaN
    let next = this.#timestampToken()
    if (next === 'TIMESTAMP') {
      this.timestampMs = this.#readTimestamp()
      next = this.#timestampToken()
      if (next !== 'LINEBREAK') throw this.#unexpected('expected next entry after timestamp', next)
    } else if (next !== 'LINEBREAK') throw this.#unexpected('expected timestamp or new record', next)
  }

  #readFloat(): number {
    const value = readNumber(this.#bytes, this.#start, this.#at)
    if (typeof value === 'number') return value
    const text = utf8Text(this.#bytes, this.#start, this.#at)
    // Go 1.13 brought forms that Prometheus does not take over.
    const reason = /[pP_]/.test(text) ? 'unsupported character in float' : `strconv.ParseFloat: parsing ${this.#quotedToken()}: ${value}`
    throw syntaxError(`${reason} while parsing: ${this.#quotedTo(this.#at)}`)
  }

  #readTimestamp(): number {
    const value = parseTimestamp(utf8Text(this.#bytes, this.#start, this.#at))
    if (typeof value === 'number') return value
    throw syntaxError(`strconv.ParseInt: parsing ${this.#quotedToken()}: ${value} while parsing: ${this.#quotedTo(this.#at)}`)
  }

  // The tokens. Each method takes the next one of its place in the line, without the blanks before it: `#start` to `#at`.

  #lineToken(): Token {
    this.#skipBlanks()
    const byte = this.#byte(this.#at)
    if (byte === BEHIND || byte === NUL) return 'EOF'
    if (byte === NEWLINE) return this.#one('LINEBREAK')
    if (byte === HASH) return this.#hashToken()
    if (byte === BRACE_OPEN) return this.#one('BOPEN')
    return this.#nameToken('MNAME')
  }

  #hashToken(): Token {
    const afterBlanks = this.#skipBlanksFrom(this.#at + 1)
    if (afterBlanks > this.#at + 1) {
      for (const keyword of ['HELP', 'TYPE'] as const) {
        if (!this.#hasKeyword(afterBlanks, keyword)) continue
        this.#at = afterBlanks + keyword.length
        return keyword
      }
    }
    while (this.#byte(this.#at) !== NEWLINE) this.#at++
    this.#at++
    return 'COMMENT'
  }

  #hasKeyword(at: number, keyword: string): boolean {
    for (let index = 0; index < keyword.length; index++) {
      if (this.#byte(at + index) !== keyword.charCodeAt(index)) return false
    }
    return this.#skipBlanksFrom(at + keyword.length) > at + keyword.length
  }

  #metadataName(): Token {
    this.#skipBlanks()
    return this.#byte(this.#at) === QUOTE ? this.#stringToken('MNAME', true) : this.#nameToken('MNAME')
  }

  #labelToken(): Token {
    this.#skipBlanks()
    switch (this.#byte(this.#at)) {
      case BRACE_CLOSE:
        return this.#one('BCLOSE')
      case EQUALS:
        return this.#one('EQUAL')
      case COMMA:
        return this.#one('COMMA')
      case QUOTE:
        return this.#stringToken('QSTRING', false)
      default:
        return this.#nameToken('LNAME')
    }
  }

  #labelValueToken(): Token {
    this.#skipBlanks()
    return this.#byte(this.#at) === QUOTE ? this.#stringToken('LVALUE', true) : 'INVALID'
  }

  #valueToken(): Token {
    this.#skipBlanks()
    if (this.#byte(this.#at) === BRACE_OPEN) return this.#one('BOPEN')
    while (isValueByte(this.#byte(this.#at))) this.#at++
    return this.#at > this.#start ? 'VALUE' : 'INVALID'
  }

  #timestampToken(): Token {
    this.#skipBlanks()
    if (this.#byte(this.#at) === NEWLINE) return this.#one('LINEBREAK')
    while (isDigit(this.#byte(this.#at))) this.#at++
    return this.#at > this.#start ? 'TIMESTAMP' : 'INVALID'
  }

  #nameToken(token: 'MNAME' | 'LNAME'): Token {
    if (isDigit(this.#byte(this.#at))) return 'INVALID'
    while (isNameByte(this.#byte(this.#at), token)) this.#at++
    return this.#at > this.#start ? token : 'INVALID'
  }

  /** A quoted text. Only in some places it may hold a NUL, as Prometheus's lexer has it. */
  #stringToken(token: Token, mayHoldNul: boolean): Token {
    for (this.#at++; ; this.#at++) {
      const byte = this.#byte(this.#at)
      if (byte === BEHIND || (byte === NUL && !mayHoldNul)) return 'INVALID'
      if (byte === QUOTE) return this.#one(token)
      if (byte === BACKSLASH) {
        const escaped = this.#byte(++this.#at)
        if (escaped === BEHIND || escaped === NEWLINE) return 'INVALID'
      }
    }
  }

  #one(token: Token): Token {
    this.#at++
    return token
  }

  #skipBlanks(): void {
    this.#at = this.#skipBlanksFrom(this.#at)
    this.#start = this.#at
  }

  #skipBlanksFrom(from: number): number {
    let at = from
    while (this.#byte(at) === SPACE || this.#byte(at) === TAB) at++
    return at
  }

  #byte(at: number): number {
    const { length } = this.#bytes
    if (at < length) return this.#bytes[at] as number
    return at === length ? NEWLINE : BEHIND
  }

  #unexpected(expectation: string, token: Token): ExpositionError {
    const end = this.#at + 1
    return syntaxError(`${expectation}, got ${this.#quotedRange(this.#start, end)} ("${token}") while parsing: ${this.#quotedTo(end)}`)
  }

  #quotedToken(): string {
    return this.#quotedRange(this.#start, this.#at)
  }

  #quotedTo(end: number): string {
    return this.#quotedRange(this.#lineStart, end)
  }

  #quotedRange(start: number, end: number): string {
    const { length } = this.#bytes
    if (end <= length) return quoteBytes(this.#bytes.subarray(start, end))
    return quoteBytes(Buffer.concat([this.#bytes.subarray(start, length), Buffer.of(NEWLINE)]))
  }
}

/** Puts a label in its place. There are few, and mostly they come in order, from which the search starts. */
function insertLabel(names: string[], values: string[], name: string, value: string): void {
  let place = names.length
  while (place > 0) {
    const order = compareText(names[place - 1] as string, name)
    if (order === 0) throw new ExpositionError('duplicate-label', `label name ${quote(name)} is not unique: invalid sample`)
    if (order < 0) break
    place--
  }
  names.splice(place, 0, name)
  values.splice(place, 0, value)
}

/** A label without a value is no label. */
function withoutEmpty(names: string[], values: string[]): Labels {
  if (!values.includes('')) return Labels.fromSorted(names, values)
  return Labels.fromPairs(names.map((name, index) => [name, values[index] as string]))
}

function typeOf(text: string): MetricType {
  const type = TYPES.get(text)
  if (type === undefined) throw syntaxError(`invalid metric type ${quote(text)}`)
  return type
}

/** `le` and `quantile` are stored in one form, so that `1` and `1.0` are one series. */
function normalised(text: string): string {
  const value = parseSampleValue(text)
  return typeof value === 'number' ? formatFloatOpenMetrics(value) : text
}

/** Escapes other than those of the format stay as they are. */
function unescapeText(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\([\\n"])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isNameByte(byte: number, token: 'MNAME' | 'LNAME'): boolean {
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || isDigit(byte)) return true
  return byte === COLON && token === 'MNAME'
}

function isValueByte(byte: number): boolean {
  return byte !== BRACE_OPEN && byte !== SPACE && byte !== TAB && byte !== NEWLINE && byte !== NUL && byte !== BEHIND
}

function syntaxError(message: string): ExpositionError {
  return new ExpositionError('syntax', message)
}
