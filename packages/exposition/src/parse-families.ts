// The strict reader of text 0.0.4: that of Go's client library (prometheus/common expfmt), which the Pushgateway uses
// on what is pushed to it. It builds whole families, and refuses much that the scrape path takes. Error texts are
// expfmt's.

import { isLegacyLabelName, isLegacyMetricName, METRIC_NAME, quote } from '@promlet/model'
import { ByteReader, END, isBlank } from './byte-reader.ts'
import type { Family, FamilyType } from './family.ts'
import { type FamilyBuilder, FamilyTable } from './family-table.ts'
import { parseSampleValue, parseTimestamp } from './number-text.ts'

export interface ParseFamiliesOptions {
  /** `legacy` refuses metric and label names that need quotes. Default: `utf8`. */
  readonly names?: 'utf8' | 'legacy'
}

/**
 * Reads a whole text exposition; the last line has to end with a newline. Families come in order of their first line;
 * those without a sample are left out.
 * @throws ExpositionError `syntax` with expfmt's text, which names the line.
 */
export function parseFamilies(input: string | Uint8Array, options: ParseFamiliesOptions = {}): Family[] {
  const reader = new ByteReader(typeof input === 'string' ? Buffer.from(input) : input)
  const table = new FamilyTable()
  const parser = new LineParser(reader, table, options.names ?? 'utf8')
  while (parser.line()) {}
  return table.families()
}

const NEWLINE = 0x0a
const QUOTE = 0x22
const HASH = 0x23
const COMMA = 0x2c
const EQUALS = 0x3d
const BRACE_OPEN = 0x7b
const BRACE_CLOSE = 0x7d

/** The label pairs of the line that is being read, and what became of `le` and `quantile`. */
interface LineLabels {
  readonly pairs: { name: string; value: string }[]
  /** The bound or quantile that the family's type sets apart; NaN when the line has none. */
  special: number
}

class LineParser {
  readonly #reader: ByteReader
  readonly #table: FamilyTable
  readonly #names: 'utf8' | 'legacy'
  /** The family of the line; undefined while a name in braces has not come yet. */
  #family: FamilyBuilder | undefined

  constructor(reader: ByteReader, table: FamilyTable, names: 'utf8' | 'legacy') {
    this.#reader = reader
    this.#table = table
    this.#names = names
    this.#family = undefined
  }

  /** Reads one line; false at the end of the input. */
  line(): boolean {
    const reader = this.#reader
    reader.startLine()
    this.#family = undefined
    if (reader.skipBlanks() === END) return false
    switch (reader.current) {
      case HASH:
        this.#comment()
        break
      case NEWLINE:
        break
      case BRACE_OPEN:
        this.#sample(this.#labels(true))
        break
      default:
        this.#nameAndSample()
    }
    return true
  }

  #comment(): void {
    const reader = this.#reader
    reader.advance()
    reader.skipBlanks()
    const keyword = reader.tokenUntilSpace()
    if (reader.need() === NEWLINE) return
    if (keyword !== 'HELP' && keyword !== 'TYPE') {
      reader.skipLine()
      return
    }
    reader.skipBlanks()
    const name = reader.name('metric')
    if (reader.need() === NEWLINE) return
    if (!isBlank(reader.current)) throw reader.error('invalid metric name in comment')
    const family = this.#resolve(name)
    reader.skipBlanks()
    if (reader.need() === NEWLINE) return
    if (keyword === 'HELP') this.#help(family)
    else this.#type(family)
  }

  #help(family: FamilyBuilder): void {
    if (family.help !== undefined) throw this.#reader.error(`second HELP line for metric name ${quote(family.name)}`)
    family.help = this.#reader.helpText()
  }

  #type(family: FamilyBuilder): void {
    const reader = this.#reader
    if (family.type !== undefined) {
      throw reader.error(`second TYPE line for metric name ${quote(family.name)}, or TYPE reported after samples`)
    }
    const text = reader.tokenUntilNewline()
    const type = TYPES.get(text.toUpperCase())
    if (type === undefined) throw reader.error(`unknown metric type ${quote(text)}`)
    family.type = type
  }

  #nameAndSample(): void {
    const reader = this.#reader
    const name = reader.name('metric')
    if (name === '') throw reader.error('invalid metric name')
    this.#family = this.#resolve(name)
    this.#family.type ??= 'untyped'
    reader.skipBlanks()
    this.#sample(reader.need() === BRACE_OPEN ? this.#labels(false) : { pairs: [], special: Number.NaN })
  }

  #resolve(name: string): FamilyBuilder {
    const valid = this.#names === 'utf8' ? name !== '' : isLegacyMetricName(name)
    if (!valid) throw this.#reader.error(`invalid metric name ${quote(name)}`)
    return this.#table.resolve(name)
  }

  /** Reads from the opening brace to the first byte of the value. `nameInside`: the metric name stands in the braces. */
  #labels(nameInside: boolean): LineLabels {
    const reader = this.#reader
    const labels: LineLabels = { pairs: [], special: Number.NaN }
    reader.advance()
    for (;;) {
      reader.skipBlanks()
      if (reader.need() === BRACE_CLOSE) break
      const name = reader.name('label')
      if (name === '') throw reader.error(`invalid label name for metric ${quote(this.#family?.name ?? '')}`)
      reader.skipBlanks()
      if (reader.need() === EQUALS) this.#label(labels, name)
      else this.#nameInBraces(labels, name, nameInside)
      if (reader.current === BRACE_CLOSE) break
      reader.advance()
    }
    if (this.#family === undefined) throw reader.error('invalid metric name')
    reader.advance()
    reader.skipBlanks()
    return labels
  }

  /** Ends on the comma or brace behind the name. */
  #nameInBraces(labels: LineLabels, name: string, nameInside: boolean): void {
    const reader = this.#reader
    if (!nameInside) throw reader.error(`expected '=' after label name, found ${reader.quotedByte()}`)
    if (this.#family !== undefined) throw reader.error(`multiple metric names for metric ${quote(this.#family.name)}`)
    if (reader.current !== COMMA && reader.current !== BRACE_CLOSE) {
      throw reader.error(`unexpected end of metric name ${reader.quotedByte()}`)
    }
    const family = this.#resolve(name)
    family.type ??= 'untyped'
    this.#family = family
    // Labels may stand before the name, and only now is it known which of them is set apart.
    const index = labels.pairs.findIndex((pair) => pair.name === family.specialLabel)
    if (index >= 0) labels.special = this.#specialValue((labels.pairs.splice(index, 1)[0] as { value: string }).value)
  }

  /** Starts on the equals sign, ends on the comma or brace behind the value. */
  #label(labels: LineLabels, name: string): void {
    const reader = this.#reader
    if (name === METRIC_NAME) throw reader.error(`label name ${quote(name)} is reserved`)
    if (this.#names === 'legacy' && !isLegacyLabelName(name)) throw reader.error(`invalid label name ${quote(name)}`)
    const isSpecial = name === this.#family?.specialLabel
    if (!isSpecial && labels.pairs.some((pair) => pair.name === name)) {
      throw reader.error(`duplicate label names for metric ${quote(this.#family?.name ?? '')}`)
    }
    reader.advance()
    reader.skipBlanks()
    if (reader.need() !== QUOTE) throw reader.error(`expected '"' at start of label value, found ${reader.quotedByte()}`)
    const value = reader.labelValue()
    if (isSpecial) labels.special = this.#specialValue(value)
    else labels.pairs.push({ name, value })
    reader.skipBlanks()
    if (reader.need() !== COMMA && reader.current !== BRACE_CLOSE) {
      throw reader.error(`unexpected end of label value ${quote(value)}`)
    }
  }

  #specialValue(text: string): number {
    const value = parseSampleValue(text)
    if (typeof value === 'number') return value
    const reader = this.#reader
    throw reader.error(`expected float as value for '${this.#family?.specialLabel}' label, got ${quote(text)}`)
  }

  /** Reads value and timestamp up to the end of the line. */
  #sample({ pairs, special }: LineLabels): void {
    const reader = this.#reader
    const family = this.#family as FamilyBuilder
    const text = reader.tokenUntilSpace()
    reader.need()
    const value = parseSampleValue(text)
    if (typeof value !== 'number') throw reader.error(`expected float as value, got ${quote(text)}`)
    const metric = family.metric(pairs)
    const problem = family.add(metric, special, value)
    if (problem !== undefined) throw reader.error(`${problem} for histogram ${quote(family.name)}`)
    if (reader.current === NEWLINE) return
    reader.skipBlanks()
    const timestampText = reader.tokenUntilSpace()
    reader.need()
    const timestamp = parseTimestamp(timestampText)
    if (typeof timestamp !== 'number') throw reader.error(`expected integer as timestamp, got ${quote(timestampText)}`)
    metric.timestampMs = timestamp
    const rest = reader.tokenUntilNewline()
    if (rest !== '') throw reader.error(`spurious string after timestamp: ${quote(rest)}`)
  }
}

const TYPES: ReadonlyMap<string, FamilyType> = new Map([
  ['COUNTER', 'counter'],
  ['GAUGE', 'gauge'],
  ['SUMMARY', 'summary'],
  ['UNTYPED', 'untyped'],
  ['HISTOGRAM', 'histogram'],
  ['GAUGE_HISTOGRAM', 'gauge_histogram'],
  ['GAUGEHISTOGRAM', 'gauge_histogram'],
])
