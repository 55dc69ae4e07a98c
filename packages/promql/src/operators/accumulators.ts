import { annotationTexts } from '../annotations.ts'
import type { AggregateNode } from '../plan/node.ts'
import type { Accumulator } from './aggregate.ts'
import { Count, Extreme, Group, Quantile, Variance } from './aggregate-floats.ts'
import { Average, histogramReport, Sum } from './aggregate-sum.ts'
import type { EvalContext } from './context.ts'

/** Chooses the accumulator of an aggregation. `param` has the quantile of each step. */
export function accumulatorFor(node: AggregateNode, param: Float64Array | undefined, context: EvalContext): () => Accumulator {
  const steps = node.grid.count
  const histograms = histogramReport(node, context)
  const ignored = () => {
    const { operator, expr } = node.aggregation
    context.annotations.info(annotationTexts.ignoredInAggregation(operator), expr.position)
  }
  switch (node.aggregation.operator) {
    case 'sum':
      return () => new Sum(steps, histograms)
    case 'avg':
      return () => new Average(steps, histograms)
    case 'min':
      return () => new Extreme(steps, -1, ignored)
    case 'max':
      return () => new Extreme(steps, 1, ignored)
    case 'count':
      return () => new Count(steps)
    case 'group':
      return () => new Group(steps)
    case 'stddev':
      return () => new Variance(steps, true, ignored)
    case 'stdvar':
      return () => new Variance(steps, false, ignored)
    case 'quantile':
      warnOfQuantiles(param as Float64Array, node, context)
      return () => new Quantile(steps, param as Float64Array, ignored)
    default:
      throw new RangeError(`no accumulator for ${node.aggregation.operator}`)
  }
}

/** One warning for each way in which quantiles are out of range, whatever the number of steps. */
function warnOfQuantiles(quantiles: Float64Array, node: AggregateNode, { annotations }: EvalContext): void {
  const { position } = node.param?.expr ?? node.expr
  const most = quantiles.reduce((left, right) => Math.max(left, right), -Infinity)
  const least = quantiles.reduce((left, right) => Math.min(left, right), Infinity)
  if (quantiles.some(Number.isNaN)) annotations.warn(annotationTexts.invalidQuantile(Number.NaN), position)
  if (most > 1) annotations.warn(annotationTexts.invalidQuantile(most), position)
  if (least < 0) annotations.warn(annotationTexts.invalidQuantile(least), position)
}
