// The parser of both text formats. A line that last time had the same place is known by its key, and only its value is
// read; all others go the long way through the format's own reader of lines.

import type { Exemplar, Labels, MetricType } from '@promlet/model'
import { asByteText, type ByteText } from './byte-text.ts'
import { FloatReader } from './float-reader.ts'
import { COMMENT_LINE, type LineKind, LineMemory, METADATA_LINE, SERIES_LINE, UNKNOWN } from './line-memory.ts'
import type { LineReader } from './line-reader.ts'
import { OpenMetricsLine } from './openmetrics-line.ts'
import type { Entry, ExpositionParser, KnownSamples, MetadataEntry, ParserOptions } from './parser.ts'
import { TextLine } from './text-line.ts'

const NEWLINE = 0x0a
const SPACE = 0x20
const ZERO = 0x30

const NO_EXEMPLARS: readonly Exemplar[] = []
/** The type that holds below a line is remembered by its index. */
const TYPE_STATES: readonly MetricType[] = ['unknown', 'counter', 'gauge', 'histogram', 'summary', 'gaugehistogram', 'info', 'stateset']
const ENTRIES: Readonly<Record<LineKind, Entry>> = { [SERIES_LINE]: 'series', [METADATA_LINE]: 'metadata', [COMMENT_LINE]: 'comment' }

/** Text 0.0.4 (and 1.0.0, which only adds quoted names), as Prometheus's scrape parser reads it. */
export function createTextParser(options: ParserOptions = {}): ExpositionParser {
  return new LineParser(new TextLine(), { wholeTimestamps: true, asLabels: options.typeAndUnitLabels ?? false })
}

/** OpenMetrics 1.0, as Prometheus's scrape parser reads it. */
export function createOpenMetricsParser(options: ParserOptions = {}): ExpositionParser {
  return new LineParser(new OpenMetricsLine(), { wholeTimestamps: false, asLabels: options.typeAndUnitLabels ?? false })
}

interface LineFormat {
  /** Timestamps are whole milliseconds. */
  readonly wholeTimestamps: boolean
  readonly asLabels: boolean
}

class LineParser implements ExpositionParser {
  readonly #memory = new LineMemory()
  readonly #float = new FloatReader()
  readonly #line: LineReader
  readonly #format: LineFormat
  #body: ByteText
  /** Where the current line starts, and where the next one does. */
  #lineStart: number
  #at: number
  /** True when `#line` has read the current line. */
  #isRead: boolean
  /** An index of `TYPE_STATES`. */
  #type: number
  #unit: string
  recalled: number
  value: number
  timestampMs: number

  constructor(line: LineReader, format: LineFormat) {
    this.#line = line
    this.#format = format
    this.#body = asByteText(new Uint8Array(0))
    this.#lineStart = 0
    this.#at = 0
    this.#isRead = false
    this.#type = 0
    this.#unit = ''
    this.recalled = UNKNOWN
    this.value = 0
    this.timestampMs = Number.NaN
  }

  start(body: Uint8Array): void {
    this.#memory.start(body)
    this.#body = asByteText(body)
    this.#lineStart = 0
    this.#at = 0
    this.#type = 0
    this.#unit = ''
  }

  next(): Entry {
    const body = this.#body
    for (;;) {
      const start = this.#at
      this.#lineStart = start
      const length = this.#memory.match(start)
      if (length > 0) {
        const kind = this.#memory.expectedKind
        // The unit is not remembered, but only labels made of it ask for it.
        if (kind !== SERIES_LINE && !this.#format.asLabels) return this.#acceptLine(kind, start + length)
        if (kind === SERIES_LINE && this.#readSample(body, start + length)) {
          this.#isRead = false
          this.recalled = this.#memory.expectedId
          this.#memory.accept()
          return 'series'
        }
      }
      const entry = this.#readLine(length)
      if (entry !== undefined) return entry
    }
  }

  takeKnown(into: KnownSamples): void {
    const body = this.#body
    const memory = this.#memory
    const float = this.#float
    const { values, present } = into
    for (;;) {
      const length = memory.match(this.#at)
      if (length === 0 || memory.expectedKind !== SERIES_LINE) return
      const end = float.read(body, this.#at + length, body.length)
      // A timestamp, a value of another form, or no newline at the end.
      if (end < 0 || body[end] !== NEWLINE) return
      const id = memory.expectedId
      if (id === UNKNOWN || present[id] === 1) return
      if (id >= 0) {
        values[id] = float.value[0] as number
        present[id] = 1
        into.samples++
      }
      into.lines++
      memory.accept()
      this.#at = end + 1
    }
  }

  #acceptLine(kind: LineKind, end: number): Entry {
    this.#isRead = false
    this.recalled = this.#memory.expectedId
    this.#type = this.#memory.expectedState
    this.#memory.accept()
    this.#at = end
    return ENTRIES[kind]
  }

  /** Reads value and timestamp of a known series; false when they have not the usual form. */
  #readSample(body: ByteText, at: number): boolean {
    let end = this.#float.read(body, at, body.length)
    if (end < 0) return false
    let timestamp = Number.NaN
    if (body[end] === SPACE && this.#format.wholeTimestamps) {
      const digits = end + 1
      timestamp = 0
      for (end = digits; end < body.length && ((body[end] as number) - ZERO) >>> 0 < 10; end++)
        timestamp = timestamp * 10 + (body[end] as number) - ZERO
      if (end === digits || end - digits > 15) return false
    }
    // The long way knows what it means when the last line has no newline.
    if (body[end] !== NEWLINE) return false
    this.value = this.#float.value[0] as number
    this.timestampMs = timestamp
    this.#at = end + 1
    return true
  }

  /** Reads a line that is not as expected, or whose value has another form. `matched` is the length of the key if it has the expected one. */
  #readLine(matched: number): Entry | undefined {
    const line = this.#line
    const entry = line.read(this.#body, this.#lineStart)
    this.#at = line.end
    this.#isRead = true
    switch (entry) {
      case 'blank':
        return undefined
      case 'end':
        return 'end'
      case 'series':
        this.value = line.value
        this.timestampMs = line.timestampMs
        this.#meet(SERIES_LINE, line.valueStart, matched)
        return 'series'
      case 'metadata':
        if (line.metadata.kind === 'type') this.#type = TYPE_STATES.indexOf(line.metadata.type)
        if (line.metadata.kind === 'unit') this.#unit = line.metadata.unit
        this.#meet(METADATA_LINE, line.end, matched)
        return 'metadata'
      case 'comment':
        this.#meet(COMMENT_LINE, line.end, matched)
        return 'comment'
    }
  }

  #meet(kind: LineKind, keyEnd: number, matched: number): void {
    const memory = this.#memory
    if (matched > 0 && this.#lineStart + matched === keyEnd) {
      this.recalled = memory.expectedId
      memory.accept()
    } else if (keyEnd > this.#body.length) {
      // Without its newline the key could be the start of another line.
      this.recalled = UNKNOWN
      memory.pass()
    } else this.recalled = memory.meet(this.#lineStart, keyEnd, kind, this.#type)
  }

  keep(): void {
    this.#memory.keep()
  }

  remember(id: number): void {
    this.#memory.remember(id)
  }

  renumber(change: (id: number) => number): void {
    this.#memory.renumber(change)
  }

  labels(): Labels {
    return this.#readAgain().labels({
      type: TYPE_STATES[this.#type] as MetricType,
      unit: this.#unit,
      asLabels: this.#format.asLabels,
    })
  }

  emptyLabels(): readonly string[] {
    return this.#readAgain().emptyLabels()
  }

  seriesText(): string {
    return this.#readAgain().series
  }

  exemplars(): readonly Exemplar[] {
    // A line that took the short way has nothing behind its value.
    return this.#isRead ? this.#line.exemplars : NO_EXEMPLARS
  }

  metadata(): MetadataEntry {
    return this.#readAgain().metadata
  }

  comment(): string {
    return this.#readAgain().comment
  }

  #readAgain(): LineReader {
    if (!this.#isRead) this.#line.read(this.#body, this.#lineStart)
    this.#isRead = true
    return this.#line
  }
}
