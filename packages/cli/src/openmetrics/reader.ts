// Reads OpenMetrics text of any length, some lines at a time, with Prometheus's parser and its error texts, as promtool's
// `tsdb create-blocks-from openmetrics` reads it: every sample needs a timestamp, and the last line is # EOF.

import { createParser, ExpositionError, type ExpositionParser } from '@promlet/exposition'
import type { Metadata } from '@promlet/model'
import type { ImportSink } from '@promlet/tsdb'
import type { InputProblem } from '../input.ts'

const END = Buffer.from('# EOF\n')
const NEWLINE = 0x0a
const SERIES_CACHED_MAX = 1_000_000
const NO_END = 'data does not end with # EOF'

export class OpenMetricsReader {
  readonly #sink: ImportSink
  readonly #parser: ExpositionParser = createParser('application/openmetrics-text')
  readonly #families = new Map<string, Metadata>()
  /** Series by their text, below one TYPE line. */
  readonly #series = new Map<string, number>()
  readonly #value = new Float64Array(1)
  #type = 'unknown'
  #line = 1
  #ended = false

  constructor(sink: ImportSink) {
    this.#sink = sink
  }

  /** Takes whole lines; only the last ones may come without a line break. */
  lines(bytes: Buffer): InputProblem | undefined {
    if (this.#ended) return bytes.length === 0 ? undefined : this.#problem(1, 'unexpected data after # EOF')
    const end = findEnd(bytes)
    // A TYPE line holds for all lines below it, and every body needs its end.
    const head = Buffer.from(`# TYPE above ${this.#type}\n`)
    const needsEnd = end < 0 && bytes.at(-1) === NEWLINE
    this.#parser.start(Buffer.concat(needsEnd ? [head, bytes, END] : [head, bytes]))
    try {
      this.#parser.next()
      for (let entry = this.#parser.next(); entry !== 'end'; entry = this.#parser.next()) {
        if (entry === 'series') {
          const problem = this.#sample()
          if (problem !== undefined) return problem
        } else if (entry === 'metadata') this.#metadata()
        this.#line++
      }
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error
      return this.#problem(columnOf(error.message), error.message)
    }
    this.#ended = end >= 0
    return undefined
  }

  /** Call it behind the last line. */
  end(): InputProblem | undefined {
    if (!this.#ended) return this.#problem(1, NO_END)
    for (const [metric, metadata] of this.#families) {
      if (metadata.type !== 'unknown' || metadata.help !== '' || metadata.unit !== '') this.#sink.metadata(metric, metadata)
    }
    return undefined
  }

  #sample(): InputProblem | undefined {
    const parser = this.#parser
    const text = parser.seriesText()
    const at = parser.timestampMs
    if (Number.isNaN(at)) return this.#problem(text.length + 1, `expected timestamp for series ${parser.labels()}, got none`)
    if (!Number.isSafeInteger(at)) return this.#problem(text.length + 1, `expected a timestamp in seconds since 1970, found ${at / 1000}`)
    let series = this.#series.get(text)
    if (series === undefined) {
      const labels = parser.labels()
      if (labels.size === 0) return this.#problem(1, 'expected a metric name or labels, found none: empty labelset: invalid sample')
      series = this.#sink.series(labels)
      if (this.#series.size >= SERIES_CACHED_MAX) this.#series.clear()
      this.#series.set(text, series)
    }
    this.#value[0] = parser.value
    this.#sink.float(series, at, this.#value, 0, 0)
    for (const exemplar of parser.exemplars()) this.#sink.exemplar(series, { at, ...exemplar })
    return undefined
  }

  #metadata(): void {
    const { metric, kind, ...entry } = this.#parser.metadata()
    if (kind === 'type' && 'type' in entry) {
      this.#type = entry.type
      this.#series.clear()
    }
    this.#families.set(metric, { ...(this.#families.get(metric) ?? { type: 'unknown', help: '', unit: '' }), ...entry })
  }

  #problem(column: number, message: string): InputProblem {
    return { line: this.#line, column, message }
  }
}

/** Where the line # EOF begins; -1 when it is not there. */
function findEnd(bytes: Buffer): number {
  for (let at = bytes.indexOf('# EOF'); at >= 0; at = bytes.indexOf('# EOF', at + 1)) if (at === 0 || bytes[at - 1] === 0x0a) return at
  return -1
}

/** The messages end with what was read of the line, in Go's quotes. */
function columnOf(message: string): number {
  const [, read] = /while parsing: "((?:[^"\\]|\\.)*)"$/.exec(message) ?? []
  if (read === undefined) return 1
  return Math.max(1, read.replace(/\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/g, '.').length)
}
