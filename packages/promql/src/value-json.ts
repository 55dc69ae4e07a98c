// The `data` object of /api/v1/query and /api/v1/query_range, written straight from the columns: texts of times are
// made once per array of times, and no object or array is made per sample.
// Prometheus: web/api/v1/json_codec.go, util/jsonutil.

import {
  allBuckets,
  formatValue,
  type Histogram,
  type Labels,
  type Millis,
  type SeriesColumns,
  type Value,
  type VectorSample,
} from '@promlet/model'

/** `{"resultType":…,"result":…}` of an answer, as JSON text. */
export function writeAnswerJson({ value }: { readonly value: Value }): string {
  switch (value.kind) {
    case 'scalar':
      return `{"resultType":"scalar","result":[${formatTime(value.at)},"${formatValue(value.value)}"]}`
    case 'string':
      return `{"resultType":"string","result":[${formatTime(value.at)},${JSON.stringify(value.value)}]}`
    case 'vector':
      return `{"resultType":"vector","result":[${value.samples.map(sampleJson).join(',')}]}`
    case 'matrix':
      return matrixJson(value.series)
  }
}

/** Milliseconds as Prometheus writes them: seconds, with three decimals unless they are whole. */
export function formatTime(at: Millis): string {
  const ms = Math.abs(at)
  const rest = ms % 1000
  const seconds = `${at < 0 ? '-' : ''}${(ms - rest) / 1000}`
  return rest === 0 ? seconds : `${seconds}.${String(rest).padStart(3, '0')}`
}

function sampleJson({ labels, at, value, histogram }: VectorSample): string {
  const metric = `{"metric":${labelsJson(labels)},`
  if (histogram !== undefined) return `${metric}"histogram":[${formatTime(at)},${histogramJson(histogram)}]}`
  return `${metric}"value":[${formatTime(at)},"${formatValue(value)}"]}`
}

function matrixJson(series: readonly SeriesColumns[]): string {
  let json = '{"resultType":"matrix","result":['
  let times: Float64Array | undefined
  let heads: readonly string[] = []
  for (const [index, columns] of series.entries()) {
    if (columns.times !== times) {
      times = columns.times
      heads = sampleHeads(times)
    }
    json += `${index === 0 ? '' : ','}{"metric":${labelsJson(columns.labels)}`
    json += columns.histograms === undefined ? `,"values":[${floatsJson(columns.values, heads)}]` : mixedJson(columns)
    json += '}'
  }
  return `${json}]}`
}

/** What stands before each value: `[1435781451.781,"`, from the second on after a comma. */
function sampleHeads(times: Float64Array): readonly string[] {
  return Array.from(times, (at, index) => `${index === 0 ? '' : ','}[${formatTime(at)},"`)
}

function floatsJson(values: Float64Array, heads: readonly string[]): string {
  let json = ''
  for (let index = 0; index < values.length; index++) json += `${heads[index]}${formatValue(values[index]!)}"]`
  return json
}

function mixedJson({ times, values, histograms = [] }: SeriesColumns): string {
  const floatParts: string[] = []
  const histogramParts: string[] = []
  for (let index = 0; index < times.length; index++) {
    const histogram = histograms[index]
    const at = formatTime(times[index]!)
    if (histogram === undefined) floatParts.push(`[${at},"${formatValue(values[index]!)}"]`)
    else histogramParts.push(`[${at},${histogramJson(histogram)}]`)
  }
  const floats = floatParts.length === 0 ? '' : `,"values":[${floatParts.join(',')}]`
  return histogramParts.length === 0 ? floats : `${floats},"histograms":[${histogramParts.join(',')}]`
}

/** A label set as a JSON object, in label order. */
export function labelsJson(labels: Labels): string {
  let json = ''
  for (let index = 0; index < labels.names.length; index++) {
    json += `${index === 0 ? '' : ','}${JSON.stringify(labels.names[index])}:${JSON.stringify(labels.values[index])}`
  }
  return `{${json}}`
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
