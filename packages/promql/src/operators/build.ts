// One operator for each node of the plan. All choices are made here, so that operators have none left to make.

import { QueryError } from '@promlet/model'
import { annotationTexts } from '../annotations.ts'
import { larger, smaller } from '../functions/arithmetic.ts'
import { dateFunctions } from '../functions/date.ts'
import { mathFunctions, mathFunctionsWithArgs } from '../functions/math.ts'
import { timeAt } from '../plan/grid.ts'
import type { AggregateNode, BinaryNode, CallNode, PlanNode, RepeatNode, WindowCallNode } from '../plan/node.ts'
import { absentLabels } from '../plan/plan.ts'
import { unwrapParens } from '../plan/walk.ts'
import { Absent } from './absent.ts'
import { accumulatorFor } from './accumulators.ts'
import { Aggregate } from './aggregate.ts'
import { AtEnd } from './at-end.ts'
import type { EvalContext } from './context.ts'
import { CountValues } from './count-values.ts'
import {
  histogramFractionCall,
  histogramQuantileCall,
  histogramQuantilesCall,
  mapHistograms,
  nativeFunctions,
  stringArgument,
} from './histogram-functions.ts'
import { Info } from './info.ts'
import { MapValues, mapFloats, mapFloatsWith } from './map-values.ts'
import { MergeSameLabels } from './merge.ts'
import { Metered } from './metered.ts'
import { negate } from './negate.ts'
import type { Operator } from './operator.ts'
import { LimitCount, LimitRatio } from './pick-series.ts'
import { readTimes } from './read-times.ts'
import { ChangeLabel, labelJoin, labelReplace } from './relabel.ts'
import { Repeat } from './repeat.ts'
import { readScalar, Scalar } from './scalar.ts'
import { scalarOfVector } from './scalar-of-vector.ts'
import { scalarOperation, VectorScalar } from './scalar-operation.ts'
import { Select } from './select.ts'
import { Intersect, Union } from './set-operation.ts'
import { Shared } from './shared.ts'
import { Smooth } from './smooth.ts'
import { orderByLabels, orderByValue, Sort } from './sort.ts'
import { TopSeries } from './top-series.ts'
import { VectorVector } from './vector-operation.ts'
import { WindowCall } from './window-call.ts'

/** Makes the operator of a node, and of all below it. */
export function build(node: PlanNode, context: EvalContext): Operator {
  const { trace, budget } = context
  const metered = () => new Metered(make(node, context), budget)
  return trace === undefined ? metered() : trace.watch(node, metered)
}

function make(node: PlanNode, context: EvalContext): Operator {
  switch (node.kind) {
    case 'constant':
      return new Scalar((values) => values.fill(node.value))
    case 'select':
      return node.reading === 'smoothed' ? new Smooth(node, context) : new Select(node, context)
    case 'window-call':
      return windowCall(node, context)
    case 'call':
      return call(node, context)
    case 'info':
      return new Info(node, build(node.base, context), build(node.info, context))
    case 'aggregate':
      return aggregate(node, context)
    case 'binary':
      return binary(node, context)
    case 'negate':
      return merged(new MapValues(build(node.input, context), negate, context), node, context)
    case 'repeat':
      return repeat(node, context)
    case 'shared':
      return new Shared(node, (inner) => build(node.input, inner), context)
    case 'string':
    case 'window':
      throw new QueryError('internal', `a ${node.kind} has no series`)
  }
}

/** With names dropped at once, results may be called the same. */
function merged(operator: Operator, node: PlanNode, context: EvalContext): Operator {
  return context.features.delayedNameRemoval ? operator : new MergeSameLabels(operator, node.grid.count)
}

function windowCall(node: WindowCallNode, context: EvalContext): Operator {
  const { source } = node.window
  const inner = source.kind === 'subquery' ? subquery(source.inner, node, context) : undefined
  const args = node.args.map((arg) => build(arg, context))
  const operator = new WindowCall(node, inner, args, context)
  if (node.name === 'absent_over_time') return new Absent(operator, node.absentLabels)
  return merged(operator, node, context)
}

function subquery(inner: PlanNode, { grid, window }: WindowCallNode, context: EvalContext): Operator {
  const samplesRead = context.samplesRead.child(inner.grid)
  const ends = readTimes(grid, window)
  return new AtEnd(build(inner, { ...context, samplesRead }), () => context.samplesRead.addSubquery(samplesRead, (step) => ends[step]!))
}

function repeat(node: RepeatNode, context: EvalContext): Operator {
  const samplesRead = context.samplesRead.child(node.input.grid)
  return new Repeat(new AtEnd(build(node.input, { ...context, samplesRead }), () => context.samplesRead.addRepeated(samplesRead)))
}

function call(node: CallNode, context: EvalContext): Operator {
  const { name } = node
  const args = node.args.map((arg) => (arg.kind === 'string' ? NO_SERIES : build(arg, context)))
  const [first = NO_SERIES] = args
  const map = mapOf(node, args)
  if (map !== undefined) return merged(new MapValues(first, map, context), node, context)
  switch (name) {
    case 'time':
      return new Scalar((values) => fillTimes(values, node))
    case 'pi':
      return new Scalar((values) => values.fill(Math.PI))
    case 'min_of':
      return ofTwo(node, args, smaller)
    case 'max_of':
      return ofTwo(node, args, larger)
    case 'scalar':
      return scalarOfVector(first)
    case 'vector':
      return first
    case 'timestamp':
      // Of anything but a selector the samples are as old as the evaluation.
      return merged(new MapValues(first, (column) => fillTimes(column.values, node, column.present), context), node, context)
    case 'start_timestamp':
      // Results of an expression have no start.
      return new MapValues(first, clear, context)
    case 'absent':
      return new Absent(first, absentLabels(unwrapParens(node.call.args[0] ?? node.expr)))
    case 'label_replace':
    case 'label_join':
      return changeLabel(node, first)
    case 'sort':
    case 'sort_desc':
    case 'sort_by_label':
    case 'sort_by_label_desc':
      return sort(node, first, context)
    case 'histogram_quantile':
      return merged(histogramQuantileCall(node, args, context), node, context)
    case 'histogram_quantiles':
      return merged(histogramQuantilesCall(node, args, stringArgument(node, 1), context), node, context)
    case 'histogram_fraction':
      return merged(histogramFractionCall(node, args, context), node, context)
    default:
      return dateOfEvaluation(node)
  }
}

const NO_SERIES: Operator = { series: () => [], next: () => false }

/** The function to map samples with, for calls that look at each sample by itself. */
function mapOf(node: CallNode, args: readonly Operator[]): ConstructorParameters<typeof MapValues>[1] | undefined {
  const plain = mathFunctions.get(node.name) ?? (args.length > 0 ? dateFunctions.get(node.name) : undefined)
  if (plain !== undefined) return mapFloats(plain)
  const withArgs = mathFunctionsWithArgs.get(node.name)
  if (withArgs !== undefined) {
    const scalars = args.slice(1).map((arg) => readScalar(arg, node.grid.count))
    return mapFloatsWith(withArgs, scalars)
  }
  const native = nativeFunctions.get(node.name)
  return native === undefined ? undefined : mapHistograms(native)
}

function fillTimes(values: Float64Array, { grid }: CallNode, present?: Uint8Array): void {
  for (let step = 0; step < values.length; step++) values[step] = timeAt(grid, step) / 1000
  if (present === undefined) return
  for (let step = 0; step < present.length; step++) if (present[step] !== 0) present[step] = 1
}

function clear(column: { readonly present: Uint8Array; count: number; hasHistograms: boolean }): void {
  column.present.fill(0)
  column.count = 0
  column.hasHistograms = false
}

function ofTwo(node: CallNode, [left, right]: readonly Operator[], choose: (left: number, right: number) => number): Operator {
  return new Scalar((values) => {
    const first = readScalar(left as Operator, node.grid.count)
    const second = readScalar(right as Operator, node.grid.count)
    for (let step = 0; step < values.length; step++) values[step] = choose(first[step]!, second[step]!)
  })
}

/** hour() and the like without an argument: of the time of evaluation. */
function dateOfEvaluation(node: CallNode): Operator {
  const compute = dateFunctions.get(node.name)
  if (compute === undefined) throw new QueryError('internal', `no function ${node.name}`)
  return new Scalar((values) => {
    for (let step = 0; step < values.length; step++) values[step] = compute(timeAt(node.grid, step) / 1000)
  })
}

function changeLabel(node: CallNode, input: Operator): Operator {
  const text = (index: number) => stringArgument(node, index)
  const change =
    node.name === 'label_replace'
      ? labelReplace(text(1), text(2), text(3), text(4))
      : labelJoin(
          text(1),
          text(2),
          node.args.slice(3).map((_, index) => text(index + 3)),
        )
  return new MergeSameLabels(new ChangeLabel(input, text(1), change), node.grid.count)
}

function sort(node: CallNode, input: Operator, context: EvalContext): Operator {
  if (context.isRange) {
    context.annotations.warn(annotationTexts.sortInRange, node.call.position)
    return input
  }
  // Within a subquery there is no order to see.
  if (node.grid.count !== 1) return input
  const isDescending = node.name.endsWith('_desc')
  if (node.name === 'sort' || node.name === 'sort_desc') return new Sort(input, orderByValue(isDescending), true)
  const names = node.args.slice(1).map((_, index) => stringArgument(node, index + 1))
  return new Sort(input, orderByLabels(names, isDescending), false)
}

function aggregate(node: AggregateNode, context: EvalContext): Operator {
  const input = build(node.input, context)
  const { operator } = node.aggregation
  if (operator === 'count_values') return new CountValues(node, input, node.param?.kind === 'string' ? node.param.value : '')
  const param = node.param === undefined ? undefined : readScalar(build(node.param, context), node.grid.count)
  switch (operator) {
    case 'topk':
    case 'bottomk':
      return new TopSeries(node, input, param as Float64Array, context)
    case 'limitk':
      return new LimitCount(node, input, param as Float64Array)
    case 'limit_ratio':
      return new LimitRatio(node, input, param as Float64Array, context)
    default:
      return new Aggregate(node, input, accumulatorFor(node, param, context))
  }
}

function binary(node: BinaryNode, context: EvalContext): Operator {
  const left = build(node.left, context)
  const right = build(node.right, context)
  if (node.leftType === 'scalar' && node.rightType === 'scalar') return scalarOperation(node, left, right)
  if (node.leftType === 'scalar' || node.rightType === 'scalar') {
    return merged(new VectorScalar(node, left, right, context), node, context)
  }
  switch (node.binary.operator) {
    case 'and':
    case 'unless':
      return new Intersect(node, left, right)
    case 'or':
      return new Union(node, left, right)
    default:
      return new VectorVector(node, left, right, context)
  }
}
