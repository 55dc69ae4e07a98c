// Why a function gives nothing for samples that it was given: these are of the wrong kind, or its other arguments leave
// nothing.

import type { ExplainNode } from './explanation.ts'

/** A part of the query, as far as it matters here. */
interface Part {
  readonly shown: Pick<ExplainNode, 'resultType' | 'output' | 'range'>
}

/** Undefined where there is no more to say. */
export function whyRefused(name: string, parts: readonly Part[]): string | undefined {
  const vector = parts.find(({ shown }) => shown.resultType === 'vector' || shown.resultType === 'matrix')
  if (name === 'clamp' && isAbove(parts[1], parts[2])) return 'its lower bound is above the upper one'
  if (name === 'info') return 'no info series of the same job and instance has the labels asked for'
  if (/^histogram_(?:quantiles?|fraction)$/.test(name)) return 'it needs native histograms, or classic buckets with the label le'
  if (name.startsWith('histogram_')) return 'these are floats, and it takes native histograms'
  return areHistograms(vector) ? 'these are native histograms, and it takes floats' : undefined
}

/** True for samples none of which is a float. */
export function areHistograms(part: Part | undefined): boolean {
  return part !== undefined && part.shown.output.samples > 0 && part.shown.range === undefined
}

export function isZero(part: Part | undefined): boolean {
  const range = part?.shown.range
  return range !== undefined && Number(range.low) === 0 && Number(range.high) === 0
}

function isAbove(lower: Part | undefined, upper: Part | undefined): boolean {
  return Number(lower?.shown.range?.low) > Number(upper?.shown.range?.high)
}
