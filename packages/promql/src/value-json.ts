// What `data` holds in answers of /api/v1/query and /api/v1/query_range. A vector is written as text, series by series; a
// matrix straight from its columns into bytes: texts of times are made once per array of times, and no object or text is
// made per sample where that can be helped. Prometheus: web/api/v1/json_codec.go, util/jsonutil.

import { allBuckets, formatValue, type Histogram, type Millis, type SeriesColumns, type Value, type VectorSample } from '@promlet/model'
import { formatTime, JsonBytes } from './json-bytes.ts'
import { LabelsJson } from './labels-json.ts'

/** A piece that has so many bytes is handed on: so the client reads while the rest is written. */
const PIECE_BYTES = 2 ** 16
/** Of a vector; a shorter one is one text. */
const PIECE_SAMPLES = 1_000
/** A time with what is around it, and with a value. */
const HEAD_BYTES = 18
const SAMPLE_BYTES = 32

/** `{"resultType":…,"result":…}` of an answer, as JSON text. */
export function writeAnswerJson(answer: { readonly value: Value }): string {
  const json = answerJson(answer.value)
  if (typeof json === 'string') return `{${json}}`
  const decoder = new TextDecoder()
  let text = '{'
  for (const piece of json) text += decoder.decode(piece, { stream: true })
  return `${text}}`
}

/**
 * `"resultType":…,"result":…`, as text where it is short and in pieces of UTF-8 where it may be long. Each piece is written
 * when it is asked for, over the one before.
 */
export function answerJson(value: Value): string | Iterable<Uint8Array> {
  switch (value.kind) {
    case 'scalar':
      return `"resultType":"scalar","result":[${formatTime(value.at)},"${formatValue(value.value)}"]`
    case 'string':
      return `"resultType":"string","result":[${formatTime(value.at)},${JSON.stringify(value.value)}]`
    case 'vector': {
      const { samples } = value
      if (samples.length > PIECE_SAMPLES) return vectorPieces(samples)
      return `${VECTOR_HEAD}${new VectorText(samples).between(0, samples.length)}]`
    }
    case 'matrix':
      return matrixPieces(value.series)
  }
}

const VECTOR_HEAD = '"resultType":"vector","result":['

function* vectorPieces(samples: readonly VectorSample[]): Generator<Uint8Array, void> {
  const text = new VectorText(samples)
  yield Buffer.from(VECTOR_HEAD)
  for (let from = 0; from < samples.length; from += PIECE_SAMPLES) {
    yield Buffer.from(text.between(from, Math.min(from + PIECE_SAMPLES, samples.length)))
  }
  yield Buffer.from(']')
}

/** Writes the samples of a vector, which mostly are of one time. */
class VectorText {
  readonly #samples: readonly VectorSample[]
  readonly #labels = new LabelsJson()
  #at: Millis = Number.NaN
  #time = ''

  constructor(samples: readonly VectorSample[]) {
    this.#samples = samples
  }

  /** Those from one position to another, exclusive. */
  between(from: number, to: number): string {
    let text = ''
    for (let index = from; index < to; index++) {
      const { labels, at, value, histogram } = this.#samples[index] as VectorSample
      const head = `${index === 0 ? '' : ','}{"metric":${this.#labels.of(labels)},`
      const time = this.#timeOf(at)
      if (histogram === undefined) text += `${head}"value":[${time},"${formatValue(value)}"]}`
      else text += `${head}"histogram":[${time},${histogramJson(histogram)}]}`
    }
    return text
  }

  #timeOf(at: Millis): string {
    if (at !== this.#at) {
      this.#at = at
      this.#time = formatTime(at)
    }
    return this.#time
  }
}

function* matrixPieces(series: readonly SeriesColumns[]): Generator<Uint8Array, void> {
  const out = new JsonBytes(expectedBytes(series))
  out.ascii('"resultType":"matrix","result":[')
  const json = new LabelsJson()
  let times: Float64Array | undefined
  let heads: SampleHeads | undefined
  for (const [index, columns] of series.entries()) {
    out.text(`${index === 0 ? '' : ','}{"metric":${json.of(columns.labels)}`)
    if (columns.histograms === undefined) {
      if (columns.times !== times || heads === undefined) {
        times = columns.times
        heads = sampleHeads(times)
      }
      writeFloats(columns.values, heads, out)
    } else {
      writeMixed(columns, out)
    }
    out.ascii('}')
    if (out.length >= PIECE_BYTES) yield out.take()
  }
  out.ascii(']')
  yield out.take()
}

/** Of the longest piece, about: it ends behind a series. */
function expectedBytes(series: readonly SeriesColumns[]): number {
  let samples = 0
  for (const { times } of series) samples += times.length
  return Math.min(samples * SAMPLE_BYTES, 2 * PIECE_BYTES)
}

/** What stands before each value, from the second on after the end of the one before: `"],[1435781451.781,"`. */
interface SampleHeads {
  readonly bytes: DataView
  /** Where each one ends. */
  readonly ends: Int32Array
}

function sampleHeads(times: Float64Array): SampleHeads {
  const ends = new Int32Array(times.length)
  const texts = new JsonBytes(times.length * HEAD_BYTES)
  for (let index = 0; index < times.length; index++) {
    texts.ascii(index === 0 ? '[' : '"],[')
    texts.time(times[index]!)
    texts.ascii(',"')
    ends[index] = texts.length
  }
  return { bytes: texts.view(), ends }
}

function writeFloats(values: Float64Array, { bytes, ends }: SampleHeads, out: JsonBytes): void {
  out.text(',"values":[')
  let from = 0
  for (let index = 0; index < values.length; index++) {
    const to = ends[index]!
    out.copy(bytes, from, to)
    from = to
    out.numberAt(values, index)
  }
  out.text(values.length === 0 ? ']' : '"]]')
}

function writeMixed({ times, values, histograms = [] }: SeriesColumns, out: JsonBytes): void {
  const floatParts: string[] = []
  const histogramParts: string[] = []
  for (let index = 0; index < times.length; index++) {
    const histogram = histograms[index]
    const at = formatTime(times[index]!)
    if (histogram === undefined) floatParts.push(`[${at},"${formatValue(values[index]!)}"]`)
    else histogramParts.push(`[${at},${histogramJson(histogram)}]`)
  }
  if (floatParts.length > 0) out.text(`,"values":[${floatParts.join(',')}]`)
  if (histogramParts.length > 0) out.text(`,"histograms":[${histogramParts.join(',')}]`)
}

function histogramJson(histogram: Histogram): string {
  const buckets = allBuckets(histogram).filter(({ count }) => count !== 0)
  const head = `{"count":"${formatValue(histogram.count)}","sum":"${formatValue(histogram.sum)}"`
  if (buckets.length === 0) return `${head}}`
  const parts = buckets.map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    // 0: open on the left, 1: open on the right, 2: open, 3: closed.
    const bounds = lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2
    return `[${bounds},"${formatValue(lower)}","${formatValue(upper)}","${formatValue(count)}"]`
  })
  return `${head},"buckets":[${parts.join(',')}]}`
}
