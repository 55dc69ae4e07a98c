// The lossless dump: one JSON value a line. docs/dump.md draws it. Lines are cut by counting samples of a series from its
// first one, so that a store and its copy give the same bytes, however their samples lie in blocks.

import type { Exemplar, Histogram, Labels, Metadata } from '@promlet/model'
import type { SeriesRun } from '../scan.ts'
import { histogramText } from './histogram-json.ts'
import { numberText, valueText } from './value-text.ts'

export const LOSSLESS_VERSION = 1
/** Samples of one line. */
const LINE_SAMPLES = 1_000

export interface DumpCounts {
  series: number
  samples: number
  exemplars: number
}

/** Makes the lines of a dump; the caller calls in the order of docs/dump.md and writes what comes back. */
export class LosslessWriter {
  readonly counts: DumpCounts = { series: 0, samples: 0, exemplars: 0 }
  #times: string[] = []
  #values: string[] = []
  #starts: number[] = []
  #histograms = false

  head(): string {
    return `{"promlet_dump":${LOSSLESS_VERSION}}\n`
  }

  metadata(metric: string, { type, help, unit }: Metadata): string {
    return `${JSON.stringify({ metadata: { metric, type, help, unit } })}\n`
  }

  series(labels: Labels): string {
    this.counts.series++
    return `{"series":${labelsText(labels)}}\n`
  }

  /** Some samples of the series that was begun last, in order of time. */
  samples({ times, values, histograms, startTimes }: SeriesRun): string {
    let text = ''
    for (let index = 0; index < times.length; index++) {
      const histogram: Histogram | undefined = histograms?.[index]
      const isHistogram = histogram !== undefined
      if (isHistogram !== this.#histograms || this.#times.length === LINE_SAMPLES) text += this.#line()
      this.#histograms = isHistogram
      this.#times.push(String(times[index]))
      this.#values.push(isHistogram ? histogramText(histogram) : valueText(values, index))
      this.#starts.push(startTimes?.[index] ?? 0)
    }
    this.counts.samples += times.length
    return text
  }

  /** What is left of the series' samples, and its exemplars. */
  endSeries(exemplars: readonly Required<Exemplar>[]): string {
    const line = this.#line()
    if (exemplars.length === 0) return line
    this.counts.exemplars += exemplars.length
    const texts = exemplars.map(({ at, value, labels }) => `{"time":${at},"value":${numberText(value)},"labels":${labelsText(labels)}}`)
    return `${line}{"exemplars":[${texts.join()}]}\n`
  }

  end(): string {
    const { series, samples, exemplars } = this.counts
    return `{"end":{"series":${series},"samples":${samples},"exemplars":${exemplars}}}\n`
  }

  #line(): string {
    if (this.#times.length === 0) return ''
    const starts = this.#starts.some((start) => start !== 0) ? `,"starts":[${this.#starts.join()}]` : ''
    const line = `{"times":[${this.#times.join()}],"${this.#histograms ? 'histograms' : 'values'}":[${this.#values.join()}]${starts}}\n`
    this.#times = []
    this.#values = []
    this.#starts = []
    return line
  }
}

function labelsText(labels: Labels): string {
  let text = ''
  for (let index = 0; index < labels.size; index++)
    text += `${index === 0 ? '' : ','}${JSON.stringify(labels.names[index])}:${JSON.stringify(labels.values[index])}`
  return `{${text}}`
}
