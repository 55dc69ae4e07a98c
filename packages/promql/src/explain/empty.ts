// Why a node gives nothing. Where a part below it gives nothing already, the reason is there; else the node itself has
// taken out all it was given.

import { formatDuration, type SeriesColumns } from '@promlet/model'
import { findWindows } from '../columns/windows.ts'
import { isArithmetic } from '../functions/arithmetic.ts'
import type { EvalContext } from '../operators/context.ts'
import { readTimes } from '../operators/read-times.ts'
import { windowSource } from '../operators/window-source.ts'
import type { PlanNode, SelectNode, WindowNode } from '../plan/node.ts'
import type { Binary, Call, Expr, VectorSelector } from '../syntax/ast.ts'
import type { EmptyCode, EmptyReason, ExplainNode } from './explanation.ts'
import { type MissingSelector, type StoreIndex, samplesIn, whyMissing } from './missing.ts'
import { areHistograms, isZero, whyRefused } from './refused.ts'
import { counted } from './series-text.ts'
import { type Explained, reachOf } from './tree.ts'

/** The reasons of all nodes, and those that make the answer empty. */
export interface Reasons {
  readonly byExpr: ReadonlyMap<Expr, EmptyReason>
  readonly ofAnswer: readonly EmptyReason[]
}

export async function findReasons(root: Explained, context: EvalContext, index: StoreIndex): Promise<Reasons> {
  const byExpr = new Map<Expr, EmptyReason>()
  for (const node of flatten(root)) {
    if (!isEmpty(node) || emptyParts(node).length > 0) continue
    byExpr.set(node.expr, await reasonOf(node, context, index))
  }
  return { byExpr, ofAnswer: isEmpty(root) ? causes(root, byExpr) : [] }
}

function flatten(node: Explained): readonly Explained[] {
  return [node, ...node.children.flatMap(flatten)]
}

function isEmpty({ shown }: Explained): boolean {
  return !shown.isIdle && shown.sameAs === undefined && shown.error === undefined && shown.output.samples === 0
}

function causes(node: Explained, byExpr: ReadonlyMap<Expr, EmptyReason>): readonly EmptyReason[] {
  const own = byExpr.get(node.expr)
  return own === undefined ? emptyParts(node).flatMap((part) => causes(part, byExpr)) : [own]
}

/** The parts without which the node can give nothing, as far as they gave nothing. */
function emptyParts(node: Explained): readonly Explained[] {
  const needed = neededParts(node)
  const empty = needed.filter(isEmpty)
  return isOneEnough(node.expr) && empty.length < needed.length ? [] : empty
}

function isOneEnough(expr: Expr): boolean {
  if (expr.kind !== 'binary') return false
  return expr.operator === 'or' || expr.matching?.fillLeft !== undefined || expr.matching?.fillRight !== undefined
}

function neededParts({ expr, children }: Explained): readonly Explained[] {
  const parts = children.filter(({ shown }) => shown.resultType === 'vector' || shown.resultType === 'matrix')
  if (expr.kind === 'binary' && expr.operator === 'unless') return parts.slice(0, 1)
  if (expr.kind !== 'call') return parts
  return isAbsent(expr) ? [] : parts.slice(0, 1)
}

function isAbsent({ name }: Call): boolean {
  return name === 'absent' || name === 'absent_over_time'
}

async function reasonOf(node: Explained, context: EvalContext, index: StoreIndex): Promise<EmptyReason> {
  const plan = essential(node.plan)
  if (plan?.kind === 'select') return whyMissing(missingOf(plan, context), index)
  if (plan?.kind === 'window' && plan.source.kind === 'samples') return whyMissing(missingWindow(plan, context), index)
  const { expr } = node
  const [code, text] =
    expr.kind === 'binary'
      ? ofBinary(node, expr)
      : expr.kind === 'call'
        ? await ofCall(node, expr, plan, context, index)
        : expr.kind === 'subquery'
          ? noSteps(node)
          : ofAggregation(node, expr.kind === 'aggregation' ? expr.operator : 'it')
  return { code, text, position: node.shown.position, didYouMean: [] }
}

type CodeAndText = readonly [EmptyCode, string]

function essential(plan: PlanNode | undefined): PlanNode | undefined {
  return plan?.kind === 'repeat' || plan?.kind === 'shared' ? essential(plan.input) : plan
}

function given({ shown: { input, annotations } }: Explained): string {
  const remark = annotations[0] === undefined ? '' : ` (${annotations[0]})`
  return `the ${counted(input.samples, 'sample')} of ${input.series} series that it was given${remark}`
}

function ofAggregation(node: Explained, name: string): CodeAndText {
  const isRefused = node.shown.input.samples === 0 || (name === 'limit_ratio' && isZero(node.children[0]))
  const because = areHistograms(node.children.at(-1)) ? ': these are native histograms, and it takes floats' : ''
  return ['no-result', isRefused ? `${name} is to choose no series at all` : `${name} gives nothing for ${given(node)}${because}`]
}

function missingOf(node: SelectNode, context: EvalContext): MissingSelector {
  const ends = readTimes(node.grid, node)
  const after = node.reading === 'smoothed' ? node.lookback : 0
  const reach = `the lookback of ${formatDuration(node.lookback)}`
  return { ...selectorParts(node.expr, node.slot, context), from: (ends[0] ?? 0) - node.lookback, to: (ends.at(-1) ?? 0) + after, reach }
}

function missingWindow(node: WindowNode, context: EvalContext): MissingSelector {
  const { ends, before, after } = reachOf(node)
  const slot = node.source.kind === 'samples' ? node.source.slot : -1
  const reach = `the range of ${formatDuration(node.range)}`
  return { ...selectorParts(node.expr, slot, context), from: (ends[0] ?? 0) - before, to: (ends.at(-1) ?? 0) + after, reach }
}

function selectorParts(expr: Expr, slot: number, { data }: EvalContext): Pick<MissingSelector, 'matchers' | 'position' | 'data'> {
  const { matchers, position } = selectorIn(expr)
  return { matchers, position, data: data[slot] ?? [] }
}

/** The selector that a node of the plan reads, where it stands in a range or is an argument. */
function selectorIn(expr: Expr): VectorSelector {
  if (expr.kind === 'vector-selector') return expr
  if (expr.kind === 'matrix-selector') return expr.selector
  if (expr.kind === 'paren') return selectorIn(expr.expr)
  if (expr.kind === 'call' && expr.args[0] !== undefined) return selectorIn(expr.args[0])
  throw new RangeError(`a ${expr.kind} reads no series`)
}

function noSteps({ shown }: Explained): CodeAndText {
  return ['no-steps', `${shown.text} has no step: no multiple of its step lies within its range`]
}

function ofBinary({ children, shown }: Explained, binary: Binary): CodeAndText {
  const [left, right] = children.map((child) => child.shown)
  if (shown.match !== undefined) return ofMatch(binary, shown.match, left, right)
  const vector = left?.resultType === 'scalar' ? right : left
  const scalar = left?.resultType === 'scalar' ? left : right
  if (isArithmetic(binary.operator)) {
    return ['no-result', `${binary.operator} has no result for the ${counted(vector?.output.samples ?? 0, 'sample')}: they are histograms`]
  }
  const limit = scalar === undefined ? '' : limitText(scalar)
  const condition = left?.resultType === 'scalar' ? `${limit} ${binary.operator}` : `${binary.operator} ${limit}`
  return ['filtered', `${condition} holds for no sample: ${vector === undefined ? '' : foundText(vector)}`]
}

function foundText({ output: { series, samples }, range }: ExplainNode): string {
  if (range === undefined) return `the ${counted(samples, 'sample')} of ${series} series are histograms`
  if (samples === 1) return `the only one is ${range.low}`
  const values = range.low === range.high ? range.low : spanText(range.low, range.high)
  return `the ${samples} samples of ${series} series are ${values}`
}

function limitText({ text, kind, range }: ExplainNode): string {
  if (kind === 'number' || range === undefined) return text
  return range.low === range.high ? `${text} (${range.low})` : `${text} (${spanText(range.low, range.high)})`
}

function spanText(low: string, high: string): string {
  return `from ${low} to ${high}`
}

function ofMatch(binary: Binary, match: NonNullable<ExplainNode['match']>, left?: ExplainNode, right?: ExplainNode): CodeAndText {
  const { droppedLeft, droppedRight } = match
  const [example] = droppedLeft.examples.length > 0 ? droppedLeft.examples : droppedRight.examples
  const because = example === undefined ? '' : `: ${example.series}: ${example.text}`
  if (binary.operator === 'unless')
    return ['something-there', `unless takes out all ${left?.output.series ?? 0} series of the left side${because}`]
  const isFiltered = droppedLeft.examples.some(({ reason }) => reason === 'filtered')
  if (isFiltered) return ['filtered', `${binary.operator} holds for no pair of series${because}`]
  const sides = `none of ${left?.output.series ?? 0} series on the left and ${right?.output.series ?? 0} on the right`
  return ['nothing-matched', `${sides} matched by ${match.by}${because}`]
}

/** Functions that need two samples in a window. */
const OF_TWO_SAMPLES = new Set(['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'predict_linear', 'double_exponential_smoothing'])

async function ofCall(
  node: Explained,
  call: Call,
  plan: PlanNode | undefined,
  context: EvalContext,
  index: StoreIndex,
): Promise<CodeAndText> {
  if (isAbsent(call)) return ['something-there', `${call.name} gives nothing because its argument gives something`]
  if (plan?.kind === 'window-call' && OF_TWO_SAMPLES.has(call.name)) {
    if (isTooShort(plan.window, context)) return ['too-few-samples', await tooFewText(call.name, plan.window, index)]
  }
  const because = whyRefused(call.name, node.children)
  return ['no-result', `${call.name} gives nothing for ${given(node)}${because === undefined ? '' : `: ${because}`}`]
}

/** True when no window of any series holds two samples of one kind. */
function isTooShort(window: WindowNode, context: EvalContext): boolean {
  if (window.source.kind !== 'samples' || window.extension !== undefined) return false
  const { ends, before, after } = reachOf(window)
  const source = windowSource(window, undefined, { after: (ends[0] ?? 0) - before, to: ends.at(-1) ?? 0 }, context)
  return source.labels.every((_, index) => {
    const { times, histogramTimes = new Float64Array(0) } = source.read(index)
    return findWindows(times, ends, before, after).largest < 2 && findWindows(histogramTimes, ends, before, after).largest < 2
  })
}

async function tooFewText(name: string, window: WindowNode, index: StoreIndex): Promise<string> {
  const last = reachOf(window).ends.at(-1) ?? 0
  const around = { from: last - SPACING_SPAN_MS, to: last }
  const distance = distanceIn((await samplesIn(selectorIn(window.expr).matchers, around, index)) ?? [])
  const advice =
    distance === undefined
      ? ''
      : `; samples are about ${formatDuration(distance)} apart: a range of ${formatDuration(4 * distance)} is safe`
  return `no window of ${formatDuration(window.range)} holds the two samples that ${name} needs${advice}`
}

/** Samples of so long a time tell how far apart they are. */
const SPACING_SPAN_MS = 3_600_000

/** How far apart the samples of the first series that has several mostly are. */
function distanceIn(data: readonly SeriesColumns[]): number | undefined {
  const times = data.find((series) => series.times.length > 1)?.times
  if (times === undefined) return undefined
  const distances = Array.from(times.subarray(1), (at, index) => at - times[index]!).sort((left, right) => left - right)
  return distances[distances.length >> 1]
}
