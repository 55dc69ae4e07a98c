import type { Histogram } from '@promlet/model'

/** What a step of a column holds. */
export const ABSENT = 0
export const FLOAT = 1
export const HISTOGRAM = 2

/** The samples of one series, one slot per step. The operator that fills it writes every field. */
export interface Column {
  /** Means nothing where `present` is not FLOAT. */
  readonly values: Float64Array
  /** ABSENT, FLOAT or HISTOGRAM: NaN is a value, not absence. */
  readonly present: Uint8Array
  /** Set at least where `present` is HISTOGRAM; undefined as long as there was none. */
  histograms: (Histogram | undefined)[] | undefined
  /** False: `present` has no HISTOGRAM, and loops may take any step that is not 0 as a float. */
  hasHistograms: boolean
  /** How many steps have a sample. */
  count: number
  /** True when the metric name is to be dropped at the end of the query. */
  dropName: boolean
}

export function makeColumn(steps: number): Column {
  return {
    values: new Float64Array(steps),
    present: new Uint8Array(steps),
    histograms: undefined,
    hasHistograms: false,
    count: 0,
    dropName: false,
  }
}

/** Makes a column hold nothing. */
export function clearColumn(column: Column): void {
  column.present.fill(ABSENT)
  column.hasHistograms = false
  column.count = 0
  column.dropName = false
}

/** Puts a histogram at a step that was empty. */
export function putHistogram(column: Column, step: number, histogram: Histogram): void {
  column.histograms ??= new Array(column.present.length).fill(undefined)
  column.histograms[step] = histogram
  column.present[step] = HISTOGRAM
  column.hasHistograms = true
  column.count++
}

/** Puts a float at a step that was empty. */
export function putFloat(column: Column, step: number, value: number): void {
  column.values[step] = value
  column.present[step] = FLOAT
  column.count++
}

/** Takes a float out. */
export function removeStep(column: Column, step: number): void {
  if (column.present[step] === ABSENT) return
  column.present[step] = ABSENT
  column.count--
}

export function histogramAt(column: Column, step: number): Histogram | undefined {
  return column.present[step] === HISTOGRAM ? column.histograms?.[step] : undefined
}

/** Copies all fields of a column of the same length. */
export function copyColumn(source: Column, target: Column): void {
  target.values.set(source.values)
  target.present.set(source.present)
  target.histograms = source.hasHistograms ? source.histograms?.slice() : undefined
  target.hasHistograms = source.hasHistograms
  target.count = source.count
  target.dropName = source.dropName
}

/** Makes `histograms` and `present` agree after steps were taken out, and counts again. */
export function recount(column: Column): void {
  const { present } = column
  let count = 0
  let histograms = 0
  for (let step = 0; step < present.length; step++) {
    const kind = present[step]
    if (kind === ABSENT) continue
    count++
    if (kind === HISTOGRAM) histograms++
  }
  column.count = count
  column.hasHistograms = histograms > 0
}
