// Reads the lossless dump line by line and hands what it says to an import. docs/dump.md draws the lines.

import { type Histogram, Labels, type MetricType } from '@promlet/model'
import type { ImportSink } from '../import/sink.ts'
import { readHistogramJson } from './histogram-json.ts'
import { LOSSLESS_VERSION } from './lossless-writer.ts'
import { readValue } from './value-text.ts'

/** What is wrong with a line. */
export interface LineProblem {
  /** From 1, in characters. */
  readonly column: number
  readonly message: string
}

type Fields = Readonly<Record<string, unknown>>

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown']
const KINDS = 'a line with "metadata", "series", "times", "exemplars" or "end"'

/** True for the first line of a lossless dump, or for what there is of it. */
export function isLosslessDump(firstLine: string): boolean {
  return /^\s*\{\s*"promlet_dump"\s*:/.test(firstLine)
}

export class LosslessReader {
  readonly #sink: ImportSink
  #line: 'head' | 'body' | 'end' = 'head'
  #series: number | undefined
  #counts = { series: 0, samples: 0, exemplars: 0 }

  constructor(sink: ImportSink) {
    this.#sink = sink
  }

  /** Takes the next line, without its line break. */
  line(text: string): LineProblem | undefined {
    if (this.#line === 'end') return text.trim() === '' ? undefined : at(1, 'expected nothing behind the line with "end"')
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      return at(syntaxColumn(error, text), `expected a line of JSON: ${error instanceof Error ? error.message : error}`)
    }
    if (!isFields(json)) return at(1, `expected ${KINDS}`)
    if (this.#line === 'head') return this.#head(json, text)
    if ('times' in json) return this.#samples(json, text)
    if ('series' in json) return this.#begin(json, text)
    if ('exemplars' in json) return this.#exemplars(json, text)
    if ('metadata' in json) return this.#metadata(json, text)
    if ('end' in json) return this.#end(json, text)
    return at(1, `expected ${KINDS}, found ${JSON.stringify(Object.keys(json)[0] ?? 'nothing')}`)
  }

  /** Call it behind the last line. */
  end(): LineProblem | undefined {
    return this.#line === 'end' ? undefined : at(1, 'expected a line with "end": the dump was cut off')
  }

  #head(json: Fields, text: string): LineProblem | undefined {
    const version = json['promlet_dump']
    if (version !== LOSSLESS_VERSION)
      return wrong(
        text,
        'promlet_dump',
        `expected version ${LOSSLESS_VERSION}, the only one this program knows, found ${JSON.stringify(version)}`,
      )
    this.#line = 'body'
    return undefined
  }

  #metadata(json: Fields, text: string): LineProblem | undefined {
    const entry = json['metadata']
    const fields = isFields(entry) ? entry : {}
    const { metric, help, unit } = fields
    const type = TYPES.find((known) => known === fields['type'])
    if (typeof metric !== 'string' || typeof help !== 'string' || typeof unit !== 'string')
      return wrong(text, 'metadata', 'expected "metric", "type", "help" and "unit" as texts')
    if (type === undefined) return wrong(text, 'type', `expected one of ${TYPES.join(', ')}, found ${JSON.stringify(fields['type'])}`)
    this.#sink.metadata(metric, { type, help, unit })
    return undefined
  }

  #begin(json: Fields, text: string): LineProblem | undefined {
    const labels = readLabels(json['series'])
    if (labels === undefined || labels.size === 0) return wrong(text, 'series', 'expected an object of label names and values')
    this.#series = this.#sink.series(labels)
    this.#counts.series++
    return undefined
  }

  #samples(json: Fields, text: string): LineProblem | undefined {
    const series = this.#series
    if (series === undefined) return at(1, 'expected a line with "series" before the first samples')
    const { times, values, histograms, starts } = json
    if (!isTimes(times)) return wrong(text, 'times', 'expected a list of whole numbers: milliseconds since 1970')
    if (starts !== undefined && !(isTimes(starts) && starts.length === times.length))
      return wrong(text, 'starts', `expected a list of ${times.length} whole numbers, as many as there are times`)
    const list = values ?? histograms
    const name = values === undefined ? 'histograms' : 'values'
    if (!Array.isArray(list) || list.length !== times.length)
      return wrong(text, name, `expected "values" or "histograms" with ${times.length} entries, as many as there are times`)
    this.#counts.samples += times.length
    const problem = values === undefined ? this.#addHistograms(series, times, list, starts) : this.#addFloats(series, times, list, starts)
    return problem === undefined ? undefined : wrong(text, name, problem)
  }

  #addFloats(
    series: number,
    times: readonly number[],
    list: readonly unknown[],
    starts: readonly number[] | undefined,
  ): string | undefined {
    const values = new Float64Array(list.length)
    const bad = list.findIndex((value, index) => !readValue(value, values, index))
    if (bad >= 0) return `expected a number, "+Inf", "-Inf", "NaN", "NaN:" and 16 digits, or "stale", found ${JSON.stringify(list[bad])}`
    for (let index = 0; index < values.length; index++) this.#sink.float(series, times[index]!, values, index, starts?.[index] ?? 0)
    return undefined
  }

  #addHistograms(
    series: number,
    times: readonly number[],
    list: readonly unknown[],
    starts: readonly number[] | undefined,
  ): string | undefined {
    const histograms: Histogram[] = []
    for (const json of list) {
      const histogram = readHistogramJson(json)
      if (typeof histogram === 'string') return histogram
      histograms.push(histogram)
    }
    for (const [index, histogram] of histograms.entries()) this.#sink.histogram(series, times[index]!, histogram, starts?.[index] ?? 0)
    return undefined
  }

  #exemplars(json: Fields, text: string): LineProblem | undefined {
    const list = json['exemplars']
    if (this.#series === undefined) return at(1, 'expected a line with "series" before the first exemplars')
    const slot = new Float64Array(1)
    for (const entry of Array.isArray(list) ? (list as unknown[]) : [undefined]) {
      const fields = isFields(entry) ? entry : {}
      const time = fields['time']
      const labels = readLabels(fields['labels'])
      if (labels === undefined || !Number.isSafeInteger(time) || !readValue(fields['value'], slot, 0))
        return wrong(text, 'exemplars', 'expected a list of objects with "time", "value" and "labels"')
      this.#sink.exemplar(this.#series, { at: time as number, value: slot[0] as number, labels })
      this.#counts.exemplars++
    }
    return undefined
  }

  #end(json: Fields, text: string): LineProblem | undefined {
    const said = isFields(json['end']) ? json['end'] : {}
    this.#line = 'end'
    for (const [name, found] of Object.entries(this.#counts)) {
      if (said[name] !== found)
        return wrong(text, name, `the dump says ${JSON.stringify(said[name])} ${name} and has ${found}: something is missing`)
    }
    return undefined
  }
}

function at(column: number, message: string): LineProblem {
  return { column, message }
}

/** A problem with a field of a line, or with the line where the field is missing. */
function wrong(text: string, field: string, message: string): LineProblem {
  return at(Math.max(0, text.indexOf(`"${field}"`)) + 1, message)
}

/** JavaScript's messages mostly say where. */
function syntaxColumn(error: unknown, text: string): number {
  const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : '') ?? []
  return position === undefined ? text.length + 1 : Number(position) + 1
}

function isFields(json: unknown): json is Fields {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function isTimes(json: unknown): json is readonly number[] {
  return Array.isArray(json) && json.every((time) => Number.isSafeInteger(time))
}

function readLabels(json: unknown): Labels | undefined {
  if (!isFields(json)) return undefined
  const pairs = Object.entries(json)
  return pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? Labels.fromPairs(pairs) : undefined
}
