// From the tree to the plan: times become numbers, every part learns the grid that it is evaluated on, and every
// selector leaves what it reads in the query's selections.

import type { DurationMs, Labels, Millis, Selection } from '@promlet/model'
import { Labels as LabelSet, Matcher, METRIC_NAME } from '@promlet/model'
import type { At, Call, Expr, MatrixSelector, Subquery, VectorSelector } from '../syntax/ast.ts'
import { valueType } from '../syntax/value-type.ts'
import { type DurationScope, offsetMs, positiveMs } from './duration.ts'
import { endOf, type Grid, gridBetween } from './grid.ts'
import { isInvariant } from './invariant.ts'
import type { PlanNode, Reference, SelectNode, WindowNode } from './node.ts'
import { Selections } from './selections.ts'
import { sharedParts } from './shared.ts'
import { pathToFirstSelector, unwrapParens } from './walk.ts'

export interface PlanOptions {
  /** The evaluations of the query. */
  readonly grid: Grid
  /** What `end()` gives: the end that was asked for, which is no step when the step does not fit. */
  readonly end: Millis
  /** 0 for an instant query: what `step()` gives. */
  readonly step: DurationMs
  readonly lookback: DurationMs
  /** The step of a subquery that names none. */
  readonly defaultStep: (range: DurationMs) => DurationMs
  /** The query's text, to tell which parts of it are the same. */
  readonly text: string
}

export interface QueryPlan {
  readonly root: PlanNode
  readonly selections: readonly Selection[]
}

/** Plans a checked expression. @throws QueryError for durations that make no sense. */
export function planQuery(expr: Expr, options: PlanOptions): QueryPlan {
  const selections = new Selections()
  const start = options.grid.start
  const context: Context = {
    ...options,
    start,
    scope: { step: options.step, range: options.end - start },
    selections,
    shared: sharedParts(expr, options.text),
    buckets: 'needed',
  }
  const root = plan(expr, options.grid, context)
  return { root, selections: selections.list() }
}

interface Context extends PlanOptions {
  readonly start: Millis
  readonly scope: DurationScope
  readonly selections: Selections
  readonly shared: ReadonlyMap<Expr, string>
  readonly buckets: Buckets
}

/** Whether the buckets of histograms matter: unless said otherwise; not for counts and sums; always, for quantiles and subqueries. */
type Buckets = 'needed' | 'unneeded' | 'always'

const STATS_FUNCTIONS = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const BUCKET_FUNCTIONS = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'])
/** Operators that look at buckets. */
const BUCKET_OPERATORS = new Set(['</', '>/', '==', '!='])

/** The context for what stands within an expression. Prometheus: promql/engine.go detectHistogramStatsDecoding. */
function within(expr: Expr, context: Context): Context {
  if (context.buckets === 'always') return context
  if (expr.kind === 'call' && STATS_FUNCTIONS.has(expr.name)) return { ...context, buckets: 'unneeded' }
  const isAlways =
    expr.kind === 'subquery' ||
    (expr.kind === 'call' && BUCKET_FUNCTIONS.has(expr.name)) ||
    (expr.kind === 'binary' && BUCKET_OPERATORS.has(expr.operator)) ||
    (expr.kind === 'aggregation' && expr.operator === 'count_values')
  return isAlways ? { ...context, buckets: 'always' } : context
}

function plan(expr: Expr, grid: Grid, context: Context): PlanNode {
  if (expr.kind === 'paren') return plan(expr.expr, grid, context)
  const isRepeated = grid.count > 1 && expr.kind !== 'number' && expr.kind !== 'string' && isInvariant(expr)
  if (isRepeated && valueType(expr) !== 'matrix') {
    return { kind: 'repeat', grid, expr, input: plan(expr, { ...grid, count: 1 }, context) }
  }
  const node = planPart(expr, grid, within(expr, context))
  const text = context.shared.get(expr)
  if (text === undefined) return node
  return {
    kind: 'shared',
    grid,
    expr,
    key: `${grid.start}/${grid.step}/${grid.count}/${context.buckets === 'unneeded'}/${text}`,
    input: node,
  }
}

function planPart(expr: Expr, grid: Grid, context: Context): PlanNode {
  switch (expr.kind) {
    case 'number':
      return { kind: 'constant', grid, expr, value: expr.value }
    case 'string':
      return { kind: 'string', grid, expr, value: expr.value }
    case 'vector-selector':
      return planSelect(expr, grid, context, expr.extension === 'smoothed' ? 'smoothed' : 'sample')
    case 'matrix-selector':
    case 'subquery':
      return planWindow(expr, grid, context)
    case 'call':
      return planCall(expr, grid, context)
    case 'aggregation': {
      const param = expr.param === undefined ? undefined : plan(expr.param, grid, context)
      return { kind: 'aggregate', grid, expr, param, input: plan(expr.expr, grid, context), aggregation: expr }
    }
    case 'unary': {
      const input = plan(expr.expr, grid, context)
      return expr.operator === '+' ? input : { kind: 'negate', grid, expr, input, unary: expr }
    }
    case 'binary':
      return {
        kind: 'binary',
        grid,
        expr,
        left: plan(expr.left, grid, context),
        right: plan(expr.right, grid, context),
        leftType: operandType(expr.left),
        rightType: operandType(expr.right),
        binary: expr,
      }
    case 'paren':
      return plan(expr.expr, grid, context)
  }
}

function operandType(expr: Expr): 'scalar' | 'vector' {
  return valueType(expr) === 'scalar' ? 'scalar' : 'vector'
}

function planCall(call: Call, grid: Grid, context: Context): PlanNode {
  const args = call.args.map(unwrapParens)
  const constant = queryConstant(call.name, context)
  if (constant !== undefined) return { kind: 'constant', grid, expr: call, value: constant }
  if (call.name === 'info') return planInfo(call, args, grid, context)
  const [first] = args
  if (first?.kind === 'vector-selector') {
    const reading = call.name === 'timestamp' ? 'time' : call.name === 'start_timestamp' ? 'start-time' : undefined
    if (reading !== undefined) return planSelect(first, grid, context, reading, call)
  }
  const windowAt = args.findIndex((arg) => arg.kind === 'matrix-selector' || arg.kind === 'subquery')
  if (windowAt < 0) return { kind: 'call', grid, expr: call, name: call.name, args: args.map((arg) => plan(arg, grid, context)), call }
  return {
    kind: 'window-call',
    grid,
    expr: call,
    name: call.name,
    window: planWindow(args[windowAt] as MatrixSelector | Subquery, grid, context),
    args: args.filter((_, index) => index !== windowAt).map((arg) => plan(arg, grid, context)),
    absentLabels: absentLabels(args[windowAt] as Expr),
    call,
  }
}

/** Functions of the query as a whole are known before it runs. */
function queryConstant(name: string, context: Context): number | undefined {
  switch (name) {
    case 'start':
      return context.start / 1000
    case 'end':
      return context.end / 1000
    case 'range':
      return context.scope.range / 1000
    case 'step':
      return context.scope.step / 1000
    default:
      return undefined
  }
}

function planSelect(
  selector: VectorSelector,
  grid: Grid,
  context: Context,
  reading: SelectNode['reading'],
  expr: Expr = selector,
): SelectNode {
  const reference = { at: resolveAt(selector.at, context), offset: offsetMs(selector.offset, context.scope) }
  const { first, last } = readTimes(grid, reference)
  // A sample exactly as old as the lookback is too old.
  const from = first - context.lookback + 1
  const to = reading === 'smoothed' ? last + context.lookback : last
  const slot = context.selections.slot(selector.matchers, from, to)
  return { kind: 'select', grid, expr, slot, ...reference, lookback: context.lookback, reading, statsOnly: context.buckets === 'unneeded' }
}

function planWindow(expr: MatrixSelector | Subquery, grid: Grid, context: Context): WindowNode {
  const range = positiveMs(expr.range, context.scope)
  const { at, offset, extension } = expr.kind === 'subquery' ? { ...expr, extension: undefined } : expr.selector
  const reference = { at: resolveAt(at, context), offset: offsetMs(offset, context.scope) }
  const { first, last } = readTimes(grid, reference)
  const statsOnly = context.buckets === 'unneeded'
  const common = { kind: 'window', grid, expr, ...reference, range, extension, lookback: context.lookback, statsOnly } as const
  if (expr.kind === 'subquery') {
    const step = expr.step === undefined ? context.defaultStep(range) : positiveMs(expr.step, context.scope)
    // The inner evaluations stand at multiples of the step, whatever the outer times are; the window is open on the left.
    const start = Math.floor((first - range) / step) * step + step
    const inner = plan(expr.expr, gridBetween(start, last, step), within(expr, context))
    return { ...common, source: { kind: 'subquery', inner } }
  }
  const before = extension === undefined ? 0 : context.lookback
  const after = extension === 'smoothed' ? context.lookback : 0
  const slot = context.selections.slot(expr.selector.matchers, first - range - before + 1, last + after)
  return { ...common, source: { kind: 'samples', slot } }
}

/** `info()` looks its info series up where the first selector of its argument reads. */
function planInfo(call: Call, args: readonly Expr[], grid: Grid, context: Context): PlanNode {
  const [base, chosen] = args as [Expr, Expr | undefined]
  const matchers = infoMatchers(chosen?.kind === 'vector-selector' ? chosen.matchers : [])
  const reference = infoReference(base, context)
  const { first, last } = readTimes(grid, reference)
  const slot = context.selections.slot(matchers, first - context.lookback + 1, last)
  const info: SelectNode = {
    kind: 'select',
    grid,
    expr: call,
    slot,
    ...reference,
    lookback: context.lookback,
    reading: 'info-time',
    statsOnly: false,
  }
  return { kind: 'info', grid, expr: call, base: plan(base, grid, context), info, matchers, call }
}

/** Info metrics are `target_info` unless names are given; names that are only ruled out are ruled out of all `…_info`. */
function infoMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  const names = matchers.filter(({ name }) => name === METRIC_NAME)
  if (names.length === 0) return [new Matcher(METRIC_NAME, '=', 'target_info'), ...matchers]
  if (names.some(({ operator }) => operator === '=' || operator === '=~')) return matchers
  return [new Matcher(METRIC_NAME, '=~', '.+_info'), ...matchers]
}

function infoReference(base: Expr, context: Context): Reference {
  let at: Millis | undefined
  let offset = 0
  for (const step of pathToFirstSelector(base) ?? []) {
    if (step.kind !== 'subquery' && step.kind !== 'vector-selector') continue
    const own = offsetMs(step.offset, context.scope)
    const fixed = resolveAt(step.at, context)
    // A fixed time makes all shifts outside of it meaningless.
    offset = fixed === undefined ? offset + own : own
    at = fixed ?? at
  }
  return { at, offset }
}

function resolveAt(at: At | undefined, context: Context): Millis | undefined {
  if (at === undefined) return undefined
  if (at.kind === 'timestamp') return at.at
  return at.kind === 'start' ? context.start : context.end
}

/** The first and last time that a reference reads at over a grid. */
function readTimes(grid: Grid, { at, offset }: Reference): { readonly first: Millis; readonly last: Millis } {
  return { first: (at ?? grid.start) - offset, last: (at ?? endOf(grid)) - offset }
}

/** The labels that a selector matches with `=`, each once: what `absent` can say of the series that is not there. */
export function absentLabels(expr: Expr): Labels {
  const selector = expr.kind === 'matrix-selector' ? expr.selector : expr
  if (selector.kind !== 'vector-selector') return LabelSet.empty
  const values = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, operator, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (operator === '=' && !seen.has(name)) values.set(name, value)
    else values.delete(name)
    if (operator === '=') seen.add(name)
  }
  return LabelSet.fromPairs(values)
}
