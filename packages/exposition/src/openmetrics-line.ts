// One line of OpenMetrics 1.0, read the way of Prometheus's parser (model/textparse/openmetricsparse.go), which is laxer
// than the specification: it checks each line, not how lines make up a family. Exactly one space stands between tokens.

import { type Exemplar, type Labels, type MetricType, quote } from '@promlet/model'
import { BEHIND, BRACE_OPEN, HASH, LineLexer, NEWLINE, QUOTE, SPACE, syntaxError, type Token } from './line-lexer.ts'
import { type LineEntry, type LineReader, readFloat } from './line-reader.ts'
import type { MetadataEntry } from './parser.ts'
import { isUtf8Text, quoteBytes } from './quote-bytes.ts'
import { type BraceRules, readLabels, type SeriesContext, SeriesParts, unescapeText } from './series-parts.ts'

const NO_END = 'data does not end with # EOF'
const NO_EXEMPLARS: readonly Exemplar[] = []

const TYPES: readonly string[] = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
] satisfies MetricType[]

type Keyword = 'HELP' | 'TYPE' | 'UNIT'
const KEYWORDS: readonly (readonly [text: string, token: Token])[] = [
  ['HELP ', 'HELP'],
  ['TYPE ', 'TYPE'],
  ['UNIT ', 'UNIT'],
  ['EOF', 'EOFWORD'],
]

export class OpenMetricsLine implements LineReader {
  readonly #lexer: LineLexer
  readonly #parts: SeriesParts
  readonly #exemplarParts: SeriesParts
  readonly #braces: BraceRules
  readonly #exemplarBraces: BraceRules
  #metadata: MetadataEntry | undefined
  #seriesStart: number
  #seriesEnd: number
  valueStart: number
  value: number
  timestampMs: number
  exemplars: readonly Exemplar[]

  constructor() {
    const lexer = new LineLexer({ impliedNewline: false })
    this.#lexer = lexer
    this.#parts = new SeriesParts()
    this.#exemplarParts = new SeriesParts()
    const nextToken = (newline: boolean) => () => this.#token(() => lexer.labelToken({ nul: false, newline }))
    const valueToken = (nul: boolean) => () => this.#token(() => this.#labelValue(nul))
    this.#braces = { nextToken: nextToken(true), valueToken: valueToken(true), mayName: true, needsComma: true }
    this.#exemplarBraces = { nextToken: nextToken(false), valueToken: valueToken(false), mayName: false, needsComma: true }
    this.#metadata = undefined
    this.#seriesStart = 0
    this.#seriesEnd = 0
    this.valueStart = 0
    this.value = 0
    this.timestampMs = Number.NaN
    this.exemplars = NO_EXEMPLARS
  }

  get end(): number {
    return this.#lexer.at
  }

  read(bytes: Uint8Array, at: number): LineEntry {
    const lexer = this.#lexer
    lexer.open(bytes, at)
    this.#parts.open(bytes)
    const token = this.#token(() => this.#lineToken())
    switch (token) {
      case 'EOF':
        throw syntaxError(NO_END)
      case 'EOFWORD':
        if (lexer.current !== BEHIND) throw syntaxError('unexpected data after # EOF')
        return 'end'
      case 'HELP':
      case 'TYPE':
      case 'UNIT':
        this.#readMetadata(token)
        return 'metadata'
      case 'MNAME':
      case 'BOPEN':
        this.#readSeries(token)
        return 'series'
      default:
        throw lexer.unexpected('expected a valid start token', token)
    }
  }

  get metadata(): MetadataEntry {
    return this.#metadata as MetadataEntry
  }

  /** The format has none. */
  get comment(): string {
    return ''
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

  #readMetadata(keyword: Keyword): void {
    const lexer = this.#lexer
    const nameToken = this.#token(() => this.#metadataName())
    if (nameToken !== 'MNAME') throw lexer.unexpected(`expected metric name after ${keyword}`, nameToken)
    const quoted = lexer.byte(lexer.start) === QUOTE ? 1 : 0
    const metric = unescapeText(lexer.text(lexer.start + quoted, lexer.at - quoted))
    if (this.#token(() => this.#restToken()) !== 'TEXT') throw syntaxError(`expected text in ${keyword}`)
    const [start, end] = [lexer.start + 1, lexer.at - 1]
    const text = lexer.text(start, end)
    switch (keyword) {
      case 'TYPE':
        if (!TYPES.includes(text)) throw syntaxError(`invalid metric type ${quote(text)}`)
        this.#metadata = { kind: 'type', metric, type: text as MetricType }
        return
      case 'HELP':
        if (!isUtf8Text(lexer.bytes, start, end)) {
          throw syntaxError(`help text ${quoteBytes(lexer.bytes.subarray(start, end))} is not a valid utf8 string`)
        }
        this.#metadata = { kind: 'help', metric, help: unescapeText(text) }
        return
      case 'UNIT':
        if (text !== '' && !metric.endsWith(`_${text}`)) throw syntaxError(`unit ${quote(text)} not a suffix of metric ${quote(metric)}`)
        this.#metadata = { kind: 'unit', metric, unit: text }
    }
  }

  #readSeries(first: 'MNAME' | 'BOPEN'): void {
    const lexer = this.#lexer
    this.#seriesStart = lexer.start
    this.exemplars = NO_EXEMPLARS
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
    this.valueStart = lexer.start + 1
    this.value = readFloat(lexer, 1)
    this.#readSuffix()
  }

  /** What may stand behind the value: a timestamp, an exemplar. */
  #readSuffix(): void {
    const lexer = this.#lexer
    this.timestampMs = Number.NaN
    let token = this.#suffixToken()
    if (token === 'TIMESTAMP') {
      this.timestampMs = this.#readTimestamp('timestamp')
      token = this.#suffixToken()
      if (token !== 'LINEBREAK' && token !== 'COMMENT') throw lexer.unexpected('expected next entry after timestamp', token)
    }
    if (token === 'COMMENT') this.#readExemplar()
    else if (token === 'EOF') throw syntaxError(NO_END)
    else if (token !== 'LINEBREAK') throw lexer.unexpected('expected timestamp or new record', token)
  }

  #readExemplar(): void {
    const lexer = this.#lexer
    this.#exemplarParts.open(lexer.bytes)
    readLabels(lexer, this.#exemplarParts, this.#exemplarBraces)
    const valueToken = this.#valueToken()
    if (valueToken !== 'VALUE') throw lexer.unexpected('expected value after exemplar labels', valueToken)
    const value = readFloat(lexer, 1)
    const labels = this.#exemplarParts.labels({ type: 'unknown', unit: '', asLabels: false })
    let token = this.#suffixToken()
    this.exemplars = [{ labels, value }]
    if (token === 'TIMESTAMP') {
      this.exemplars = [{ labels, value, at: this.#readTimestamp('exemplar timestamp') }]
      token = this.#suffixToken()
      if (token !== 'LINEBREAK') throw lexer.unexpected('expected next entry after exemplar timestamp', token)
    }
    if (token === 'EOF') throw syntaxError(NO_END)
    if (token !== 'LINEBREAK') throw lexer.unexpected('expected timestamp or comment', token)
  }

  /** Seconds in the format, milliseconds here. */
  #readTimestamp(what: string): number {
    const seconds = readFloat(this.#lexer, 1)
    if (Number.isFinite(seconds)) return Math.trunc(seconds * 1000)
    throw syntaxError(`invalid ${what} ${Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf'}`)
  }

  // The tokens. At the end of the data a token's start stays that of the one before, as in Prometheus's errors.

  #token(take: () => Token): Token {
    const lexer = this.#lexer
    if (lexer.current === BEHIND) return 'EOF'
    lexer.start = lexer.at
    return take()
  }

  #lineToken(): Token {
    const lexer = this.#lexer
    if (lexer.current === HASH) return this.#hashToken()
    return lexer.current === BRACE_OPEN ? lexer.one('BOPEN') : lexer.nameToken('MNAME')
  }

  /** `# ` and a keyword; what is none is invalid from the first byte that no keyword has there. */
  #hashToken(): Token {
    const lexer = this.#lexer
    lexer.at++
    if (lexer.current !== SPACE) return 'INVALID'
    lexer.at++
    let left = KEYWORDS
    for (let index = 0; ; index++) {
      const { current } = lexer
      left = left.filter(([text]) => text.charCodeAt(index) === current)
      if (left.length === 0) return 'INVALID'
      lexer.at++
      const found = left.find(([text]) => text.length === index + 1)
      if (found === undefined) continue
      if (found[1] === 'EOFWORD' && lexer.isAt(NEWLINE)) lexer.at++
      return found[1]
    }
  }

  #metadataName(): Token {
    const lexer = this.#lexer
    return lexer.current === QUOTE ? lexer.stringToken('MNAME', { nul: false, newline: true }) : lexer.nameToken('MNAME')
  }

  /** A space and the rest of the line with its newline. */
  #restToken(): Token {
    const lexer = this.#lexer
    if (lexer.current !== SPACE) return 'INVALID'
    for (lexer.at++; !lexer.isAt(NEWLINE); lexer.at++) if (lexer.isAt(BEHIND)) return 'INVALID'
    return lexer.one('TEXT')
  }

  #labelValue(nul: boolean): Token {
    const lexer = this.#lexer
    return lexer.current === QUOTE ? lexer.stringToken('LVALUE', { nul, newline: false }) : 'INVALID'
  }

  #valueToken(): Token {
    return this.#token(() => (this.#lexer.current === BRACE_OPEN ? this.#lexer.one('BOPEN') : this.#wordToken('VALUE')))
  }

  #suffixToken(): Token {
    const lexer = this.#lexer
    return this.#token(() => {
      if (lexer.isAt(NEWLINE)) return lexer.one('LINEBREAK')
      if (!this.#startsExemplar()) return this.#wordToken('TIMESTAMP')
      lexer.at += 4
      return 'COMMENT'
    })
  }

  /** ` # {` */
  #startsExemplar(): boolean {
    const lexer = this.#lexer
    return [SPACE, HASH, SPACE, BRACE_OPEN].every((byte, index) => lexer.byte(lexer.at + index) === byte)
  }

  /** A space and what follows up to the next one. */
  #wordToken(token: 'VALUE' | 'TIMESTAMP'): Token {
    const lexer = this.#lexer
    if (lexer.current !== SPACE) return 'INVALID'
    const start = ++lexer.at
    while (!lexer.isAt(SPACE) && !lexer.isAt(NEWLINE) && !lexer.isAt(BEHIND)) lexer.at++
    return lexer.at > start ? token : 'INVALID'
  }
}
