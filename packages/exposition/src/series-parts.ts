import { compareText, Labels, METRIC_NAME, type MetricType, quote } from '@promlet/model'
import { ExpositionError } from './error.ts'
import { type LineLexer, syntaxError, type Token } from './line-lexer.ts'
import { formatFloatOpenMetrics, parseSampleValue } from './number-text.ts'
import { isUtf8Text, quoteBytes, utf8Text } from './quote-bytes.ts'

/** What the metadata above a series says of it. */
export interface SeriesContext {
  readonly type: MetricType
  readonly unit: string
  /** Make labels of it. */
  readonly asLabels: boolean
}

/** More texts than this are not kept to be shared. */
const TEXTS_MAX = 2048

/** Where in the body a series has its name, its labels and their values. */
export class SeriesParts {
  #bytes: Uint8Array
  /** Start and end of the metric name (-1 while unknown), then of label names and values in turn. */
  readonly #ranges: number[]
  /** Texts that came before: the labels of a target's series share most of theirs. */
  readonly #texts: Map<string, string>

  constructor() {
    this.#bytes = new Uint8Array(0)
    this.#ranges = []
    this.#texts = new Map()
  }

  open(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#ranges.length = 0
    this.#ranges.push(-1, -1)
  }

  get hasName(): boolean {
    return this.#ranges[0] !== -1
  }

  setName(start: number, end: number): void {
    this.#ranges[0] = start
    this.#ranges[1] = end
  }

  addLabel(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    this.#ranges.push(nameStart, nameEnd, valueStart, valueEnd)
  }

  /** @throws ExpositionError `duplicate-label` */
  labels({ type, unit, asLabels }: SeriesContext): Labels {
    const names: string[] = []
    const values: string[] = []
    if (this.hasName) insertLabel(names, values, METRIC_NAME, this.#text(0))
    const added = asLabels ? [...typeAndUnit(type, unit)] : []
    for (const [name, value] of added) insertLabel(names, values, name, value)
    const special = type === 'summary' ? 'quantile' : type === 'histogram' ? 'le' : undefined
    for (let range = 2; range < this.#ranges.length; range += 4) {
      const name = this.#text(range)
      const value = this.#text(range + 2)
      if (added.some(([known]) => known === name)) continue
      insertLabel(names, values, name, name === special ? normalised(value) : value)
    }
    return withoutEmpty(names, values)
  }

  /** The names of labels that stand there without a value. */
  emptyLabels(): readonly string[] {
    const names: string[] = []
    for (let range = 2; range < this.#ranges.length; range += 4) {
      if (this.#ranges[range + 2] === this.#ranges[range + 3]) names.push(this.#text(range))
    }
    return names
  }

  #text(range: number): string {
    const text = unescapeText(utf8Text(this.#bytes, this.#ranges[range] as number, this.#ranges[range + 1] as number))
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#texts.size >= TEXTS_MAX) this.#texts.clear()
    this.#texts.set(text, text)
    return text
  }
}

function* typeAndUnit(type: MetricType, unit: string): Iterable<readonly [name: string, value: string]> {
  if (type !== 'unknown') yield ['__type__', type]
  if (unit !== '') yield ['__unit__', unit]
}

/** Where the formats differ inside braces. */
export interface BraceRules {
  readonly nextToken: () => Token
  readonly valueToken: () => Token
  /** A quoted text without a value is the metric's name. */
  readonly mayName: boolean
  /** Two labels need a comma between them. */
  readonly needsComma: boolean
}

/** Reads behind an opening brace up to and with the closing one. */
export function readLabels(lexer: LineLexer, parts: SeriesParts, rules: BraceRules): void {
  let token = rules.nextToken()
  while (token !== 'BCLOSE') {
    if (token !== 'LNAME' && token !== 'QSTRING') throw lexer.unexpected('expected label name', token)
    const quoted = token === 'QSTRING' ? 1 : 0
    const start = lexer.start + quoted
    const end = lexer.at - quoted
    token = rules.nextToken()
    if (quoted === 1 && (token === 'COMMA' || token === 'BCLOSE')) {
      if (!rules.mayName) throw lexer.unexpected('expected label name', token)
      if (parts.hasName) throw syntaxError(`metric name already set while parsing: ${lexer.quotedLine()}`)
      parts.setName(start, end)
    } else {
      if (token !== 'EQUAL') throw lexer.unexpected('expected equal', token)
      readLabelValue(lexer, rules)
      parts.addLabel(start, end, lexer.start + 1, lexer.at - 1)
      token = rules.nextToken()
      if (rules.needsComma && token !== 'COMMA' && token !== 'BCLOSE') throw lexer.unexpected('expected comma or brace close', token)
    }
    if (token === 'COMMA') token = rules.nextToken()
  }
}

function readLabelValue(lexer: LineLexer, rules: BraceRules): void {
  const token = rules.valueToken()
  if (token !== 'LVALUE') throw lexer.unexpected('expected label value', token)
  if (isUtf8Text(lexer.bytes, lexer.start, lexer.at)) return
  throw syntaxError(`invalid UTF-8 label value: ${quoteBytes(lexer.bytes.subarray(lexer.start, lexer.at))}`)
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

/** `le` and `quantile` are stored in one form, so that `1` and `1.0` are one series. */
function normalised(text: string): string {
  const value = parseSampleValue(text)
  return typeof value === 'number' ? formatFloatOpenMetrics(value) : text
}

/** Escapes other than those of the formats stay as they are. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\([\\n"])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
