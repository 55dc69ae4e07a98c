// The functions of histograms by name, each as an operator.

import { type Histogram, type Labels, QueryError } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { ABSENT, type Column, FLOAT, HISTOGRAM, recount } from '../columns/column.ts'
import { bucketFraction, bucketQuantile, type Repair } from '../functions/classic-histogram.ts'
import { histogramFraction, histogramQuantile, histogramVariance } from '../functions/native-histogram.ts'
import { formatOpenMetricsFloat } from '../functions/openmetrics-float.ts'
import type { CallNode } from '../plan/node.ts'
import type { Position } from '../syntax/ast.ts'
import type { EvalContext } from './context.ts'
import { HistogramCall, type HistogramFunction, noteRepair } from './histogram-call.ts'
import type { Operator } from './operator.ts'
import { readScalar } from './scalar.ts'

/** Functions of one native histogram; floats have no result. */
export const nativeFunctions: ReadonlyMap<string, (histogram: Histogram) => number> = new Map([
  ['histogram_count', ({ count }: Histogram) => count],
  ['histogram_sum', ({ sum }: Histogram) => sum],
  ['histogram_avg', ({ sum, count }: Histogram) => sum / count],
  ['histogram_stddev', (histogram: Histogram) => Math.sqrt(histogramVariance(histogram))],
  ['histogram_stdvar', histogramVariance],
])

/** For `MapValues`: a function of native histograms. */
export function mapHistograms(compute: (histogram: Histogram) => number): (column: Column) => void {
  return (column) => {
    const { values, present } = column
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== HISTOGRAM) {
        present[step] = ABSENT
        continue
      }
      values[step] = compute(column.histograms?.[step] as Histogram)
      present[step] = FLOAT
    }
    recount(column)
  }
}

const remarks = {
  'result-is-nan': annotationTexts.quantileOfNaN,
  skewed: annotationTexts.quantileSkewed,
  excluded: annotationTexts.fractionOfNaN,
}

/** histogram_quantile(scalar, vector). */
export function histogramQuantileCall(node: CallNode, [scalar, vector]: readonly Operator[], context: EvalContext): Operator {
  const [quantileArg, vectorArg] = node.call.args
  const input = vectorArg?.position ?? node.call.position
  const position = quantileArg?.position ?? node.call.position
  const quantiles = readScalar(scalar as Operator, node.grid.count)
  warnOfQuantiles(quantiles, position, context)
  const functions = [quantileFunction(quantiles, (labels) => labels, node, input, context)]
  return new HistogramCall(vector as Operator, node.grid, { functions, remarks, inputPosition: input }, context)
}

/** histogram_quantiles(vector, label, scalar…): one result per quantile, which stands in the label. */
export function histogramQuantilesCall(
  node: CallNode,
  [vector, , ...scalars]: readonly Operator[],
  label: string,
  context: EvalContext,
): Operator {
  const { args, position } = node.call
  const input = args[0]?.position ?? position
  const functions = scalars.flatMap((scalar, index) => {
    const quantiles = readScalar(scalar, node.grid.count)
    warnOfQuantiles(quantiles, args[index + 2]?.position ?? position, context)
    // Nearly always the same at all steps.
    return [...new Set(quantiles)].map((own): HistogramFunction => {
      const text = formatOpenMetricsFloat(own)
      const compute = quantileFunction(quantiles, (labels) => labels.with(label, text), node, input, context)
      return { ...compute, isAt: (step) => Object.is(quantiles[step], own) || quantiles[step] === own }
    })
  })
  return new HistogramCall(vector as Operator, node.grid, { functions, remarks, inputPosition: input }, context)
}

/** histogram_fraction(lower, upper, vector). */
export function histogramFractionCall(node: CallNode, [lower, upper, vector]: readonly Operator[], context: EvalContext): Operator {
  const steps = node.grid.count
  const from = readScalar(lower as Operator, steps)
  const to = readScalar(upper as Operator, steps)
  const compute: HistogramFunction = {
    name: (labels) => labels,
    native: (histogram, step, remark) => histogramFraction(from[step]!, to[step]!, histogram, remark),
    classic: (buckets, step) => bucketFraction(from[step]!, to[step]!, buckets),
  }
  const inputPosition = (node.call.args[2] ?? node.call).position
  return new HistogramCall(vector as Operator, node.grid, { functions: [compute], remarks, inputPosition }, context)
}

function quantileFunction(
  quantiles: Float64Array,
  name: (labels: Labels) => Labels,
  node: CallNode,
  input: Position,
  context: EvalContext,
): HistogramFunction {
  const repair: Repair = { isForced: false, lowestBucket: 0, highestBucket: 0, largestRaise: 0 }
  return {
    name,
    native: (histogram, step, remark) => histogramQuantile(quantiles[step]!, histogram, remark),
    classic: (buckets, step, metric) => {
      const quantile = bucketQuantile(quantiles[step]!, buckets, repair)
      if (repair.isForced) noteRepair(context, node.grid, input, repair, metric, step)
      return quantile
    },
  }
}

function warnOfQuantiles(quantiles: Float64Array, position: Position, context: EvalContext): void {
  for (const q of quantiles) {
    if (!(q >= 0 && q <= 1)) context.annotations.warn(annotationTexts.invalidQuantile(q), position)
  }
}

/** The text of a string argument. @throws QueryError when it is none, which the checker rules out. */
export function stringArgument(node: CallNode, index: number): string {
  const arg = node.args[index]
  if (arg?.kind !== 'string') throw new QueryError('internal', `argument ${index + 1} of ${node.name} is no string`)
  return arg.value
}
