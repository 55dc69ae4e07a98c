import { scaleHistogram } from '@promlet/model'
import { type Column, HISTOGRAM } from '../columns/column.ts'

/** For `MapValues`: the unary minus. */
export function negate(column: Column): void {
  const { values, present, histograms } = column
  for (let step = 0; step < values.length; step++) values[step] = -values[step]!
  if (!column.hasHistograms || histograms === undefined) return
  // The histograms may be the store's: they are replaced in a list of our own.
  column.histograms = histograms.map((histogram, step) =>
    present[step] === HISTOGRAM && histogram !== undefined ? scaleHistogram(histogram, -1) : histogram,
  )
}
