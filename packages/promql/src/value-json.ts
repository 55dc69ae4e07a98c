// The `data` object of /api/v1/query and /api/v1/query_range, written straight from the columns into bytes: texts of
// times are made once per array of times, and no object or text is made per sample where that can be helped.
// Prometheus: web/api/v1/json_codec.go, util/jsonutil.

import { allBuckets, formatValue, type Histogram, type SeriesColumns, type Value, type VectorSample } from '@promlet/model'
import { formatTime, JsonBytes } from './json-bytes.ts'
import { LabelsJson } from './labels-json.ts'

const EXPECTED_BYTES_MAX = 2 ** 25
/** Series differ. */
const MORE = 1.1
const HEAD_BYTES = 18

/** `{"resultType":…,"result":…}` of an answer, as JSON text. */
export function writeAnswerJson(answer: { readonly value: Value }): string {
  return new TextDecoder().decode(writeAnswerBytes(answer))
}

/** The same in UTF-8. */
export function writeAnswerBytes({ value }: { readonly value: Value }): Uint8Array {
  const out = new JsonBytes()
  switch (value.kind) {
    case 'scalar':
      out.text(`{"resultType":"scalar","result":[${formatTime(value.at)},"${formatValue(value.value)}"]}`)
      break
    case 'string':
      out.text(`{"resultType":"string","result":[${formatTime(value.at)},${JSON.stringify(value.value)}]}`)
      break
    case 'vector':
      writeVector(value.samples, out)
      break
    case 'matrix':
      writeMatrix(value.series, out)
  }
  return out.bytes()
}

function writeVector(samples: readonly VectorSample[], out: JsonBytes): void {
  const json = new LabelsJson()
  out.text('{"resultType":"vector","result":[')
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
  }
  out.text(']}')
}

function writeMatrix(series: readonly SeriesColumns[], out: JsonBytes): void {
  const json = new LabelsJson()
  out.text('{"resultType":"matrix","result":[')
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
    out.text('}')
    // Like the first one: so an answer is not copied while it grows.
    if (index === 0) out.reserve(Math.min(expectedBytes(out.length, series), EXPECTED_BYTES_MAX))
  }
  out.text(']}')
}

/** What the series behind the first one take, when that one took so many bytes. */
function expectedBytes(bytes: number, series: readonly SeriesColumns[]): number {
  const samples = series.reduce((sum, { times }) => sum + times.length, 0)
  const first = Math.max(1, series[0]?.times.length ?? 1)
  return Math.ceil((bytes / first) * Math.max(0, samples - first) * MORE)
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
