// What `data` holds in answers of /api/v1/query and /api/v1/query_range, written straight from the columns into bytes: texts
// of times are made once per array of times, and no object or text is made per sample where that can be helped.
// Prometheus: web/api/v1/json_codec.go, util/jsonutil.

import { allBuckets, formatValue, type Histogram, type SeriesColumns, type Value, type VectorSample } from '@promlet/model'
import { formatTime, JsonBytes } from './json-bytes.ts'
import { LabelsJson } from './labels-json.ts'

/** A piece that has so many bytes is handed on: so the client reads while the rest is written. */
const PIECE_BYTES = 2 ** 16
const HEAD_BYTES = 18

/** `{"resultType":…,"result":…}` of an answer, as JSON text. */
export function writeAnswerJson(answer: { readonly value: Value }): string {
  const decoder = new TextDecoder()
  let text = '{'
  for (const piece of answerPieces(answer.value)) text += decoder.decode(piece, { stream: true })
  return `${text}}`
}

/** `"resultType":…,"result":…` in UTF-8. Each piece is written when it is asked for, over the one before. */
export function* answerPieces(value: Value): Generator<Uint8Array, void> {
  const out = new JsonBytes()
  out.ascii(`"resultType":"${value.kind}","result":[`)
  switch (value.kind) {
    case 'scalar':
      out.text(`${formatTime(value.at)},"${formatValue(value.value)}"`)
      break
    case 'string':
      out.text(`${formatTime(value.at)},${JSON.stringify(value.value)}`)
      break
    case 'vector':
      yield* vectorPieces(value.samples, out)
      break
    case 'matrix':
      yield* matrixPieces(value.series, out)
  }
  out.ascii(']')
  yield out.take()
}

function* vectorPieces(samples: readonly VectorSample[], out: JsonBytes): Generator<Uint8Array, void> {
  const json = new LabelsJson()
  for (let index = 0; index < samples.length; index++) {
    const { labels, at, value, histogram } = samples[index] as VectorSample
    out.text(`${index === 0 ? '{"metric":' : ',{"metric":'}${json.of(labels)}${histogram === undefined ? ',"value":[' : ',"histogram":['}`)
    out.time(at)
    if (histogram === undefined) {
      out.ascii(',"')
      out.number(value)
      out.ascii('"]}')
    } else {
      out.text(`,${histogramJson(histogram)}]}`)
    }
    if (out.length >= PIECE_BYTES) yield out.take()
  }
}

function* matrixPieces(series: readonly SeriesColumns[], out: JsonBytes): Generator<Uint8Array, void> {
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
