// The engine: parses a query, plans it, asks the store once, lets the operators run, and makes the answer.

import {
  type Answer,
  type Clock,
  type DurationMs,
  type Millis,
  type Queryable,
  type QueryEngine,
  QueryError,
  type QueryOptions,
} from '@promlet/model'
import { Annotations } from './annotations.ts'
import { matrixAnswer, samplesAnswer, scalarAnswer, vectorAnswer } from './answer.ts'
import { type Elsewhere, type Entrance, type Finish, runHereOrElsewhere } from './elsewhere.ts'
import { explainQuery } from './explain/explain.ts'
import type { Explanation } from './explain/explanation.ts'
import { Recorder } from './explain/recorder.ts'
import { Gate } from './gate.ts'
import { Budget, canceled, TurnOver, tooManySamples } from './operators/budget.ts'
import { build } from './operators/build.ts'
import type { EvalContext } from './operators/context.ts'
import { SamplesRead } from './operators/samples-read.ts'
import { ParsedQueries } from './parsed-queries.ts'
import { type Grid, gridBetween } from './plan/grid.ts'
import { evaluationsOf, stepsMaxOf } from './plan/parts.ts'
import { planQuery, type QueryPlan } from './plan/plan.ts'
import type { Expr } from './syntax/ast.ts'
import { allFeatures as allSyntax, type Features as SyntaxFeatures } from './syntax/features.ts'
import { documentedType, valueType } from './syntax/value-type.ts'
import { type WrittenAnswer, writeAnswer } from './written-answer.ts'

export interface EngineOptions {
  readonly queryable: Queryable
  readonly clock: Clock
  /** How far an instant selector looks back for a sample (`--query.lookback-delta`). Default 5 minutes. */
  readonly lookbackMs?: DurationMs
  /** Default 2 minutes (`--query.timeout`). */
  readonly timeoutMs?: DurationMs
  /** How many samples a query may hold at one time (`--query.max-samples`). Default 50 million. */
  readonly samplesMax?: number
  /** How many queries run at one time; more wait (`--query.max-concurrency`). Default 20. */
  readonly maxConcurrency?: number
  /** The step of subqueries that name none: the global evaluation interval, asked for at each query. Default 1 minute. */
  readonly defaultSubqueryStepMs?: () => DurationMs
  /** All are on when absent. */
  readonly features?: Partial<EngineFeatures>
  readonly observe?: EngineObserver
  /** Takes queries that are too long for the calling thread, asked for at each query; without it that thread runs them all. */
  readonly elsewhere?: () => Elsewhere | undefined
  /** Asked while a query runs, on a thread that hears no signals meanwhile. */
  readonly isCanceled?: () => boolean
}

/** What `--enable-feature` names `promql-…`, `use-start-timestamps` and `type-and-unit-labels` switch. */
export interface EngineFeatures {
  readonly syntax: SyntaxFeatures
  /** Default true. */
  readonly delayedNameRemoval: boolean
  /** Default false: most stores have no type labels. */
  readonly typeAndUnitLabels: boolean
  /** Default true: functions of counters heed the start timestamps of samples. */
  readonly startTimestamps: boolean
}

/** For metrics and the query log. */
export interface EngineObserver {
  /** A query was taken, and may wait. */
  readonly started?: () => void
  /** It ended, well or not. */
  readonly ended?: (stats: QueryStats) => void
}

/** How long the parts of a query took, in milliseconds, and what it read. */
export interface QueryStats {
  readonly query: string
  readonly queueMs: DurationMs
  /** Parsing, planning and reading the store. */
  readonly prepareMs: DurationMs
  readonly evalMs: DurationMs
  readonly totalMs: DurationMs
  /** Samples that steps saw: one that several windows see counts once for each. Histograms count by their size. */
  readonly samplesTotal: number
  /** The same with each sample once. */
  readonly samplesRead: number
  /** Most samples held at one time. */
  readonly samplesPeak: number
  /** Samples at each step, when `perStepStats` was asked for: the first step is at `start`. */
  readonly perStep?: { readonly start: Millis; readonly step: DurationMs; readonly total: Float64Array; readonly read: Float64Array }
}

export interface EngineQueryOptions extends QueryOptions {
  /** Counts samples at each step as well. */
  readonly perStepStats?: boolean
}

export interface MeasuredAnswer extends Answer {
  readonly stats: QueryStats
}

/** An engine over a store in this process. */
export interface PromqlEngine extends QueryEngine {
  /** As in the port; the answer comes with statistics. */
  instant(expr: string, at: Millis, options?: EngineQueryOptions): Promise<MeasuredAnswer>
  range(expr: string, start: Millis, end: Millis, step: DurationMs, options?: EngineQueryOptions): Promise<MeasuredAnswer>
  /**
   * What each part of the query gave, from how much, how long it took, and why an answer is empty. Runs the query as it
   * is. @throws `QueryError` as the others, but not for what goes wrong within the evaluation.
   */
  explain(query: string, when: ExplainTimes, options?: QueryOptions): Promise<Explanation>
  /** The answer as the API sends it, with at most `limit` series; 0 is no limit. */
  write(asked: WrittenQuery, limit: number, options?: EngineQueryOptions): Promise<WrittenAnswer>
}

/** One time, or a range with its step above zero. */
export type ExplainTimes = { readonly at: Millis } | { readonly start: Millis; readonly end: Millis; readonly step: DurationMs }

/** A range query, or an instant query where `step` is 0. */
export interface WrittenQuery {
  readonly query: string
  readonly start: Millis
  readonly end: Millis
  readonly step: DurationMs
}

/** The floor of what a store is asked to give: limits for tests are lower than what a window may hold. */
const STORE_SAMPLES_MIN = 1_000_000

export function createEngine(options: EngineOptions): PromqlEngine {
  const gate = new Gate(options.maxConcurrency ?? 20, options.clock)
  const parsed = new ParsedQueries(options.features?.syntax ?? allSyntax)
  const ask = <T extends Measured>(request: Request, finish: Finish<T>, queryOptions: EngineQueryOptions = {}): Promise<T> =>
    runHereOrElsewhere(request, options, gate, queryOptions, (own, entrance) => run(request, own, entrance, queryOptions), finish)
  return {
    instant: (query, at, queryOptions) => ask(instantRequest(parsed, query, at), asValues, queryOptions),
    range: (query, start, end, step, queryOptions) => ask(rangeRequest(parsed, query, start, end, step), asValues, queryOptions),
    explain(query, when, queryOptions = {}) {
      const request = 'at' in when ? instantRequest(parsed, query, when.at) : rangeRequest(parsed, query, when.start, when.end, when.step)
      const { queryable } = options
      const asked = { ...request, start: request.grid.start, queryable, signal: queryOptions.signal }
      const explainHere = (own: EngineOptions, entrance: Entrance) => {
        const recorder = new Recorder(options.clock)
        return explainQuery(asked, recorder, () => run(request, own, entrance, queryOptions, recorder))
      }
      return runHereOrElsewhere(request, options, gate, queryOptions, explainHere, asExplanation)
    },
    write({ query, start, end, step }, limit, queryOptions) {
      const request = step === 0 ? instantRequest(parsed, query, start) : rangeRequest(parsed, query, start, end, step)
      const written: Finish<WrittenAnswer> = {
        here: (answer) => writeAnswer(answer, limit),
        elsewhere: (elsewhere, long) => elsewhere.write(long, limit),
      }
      return ask(request, written, queryOptions)
    },
  }
}

type Measured = Partial<Pick<MeasuredAnswer, 'stats'>>

const asValues: Finish<MeasuredAnswer> = { here: (answer) => answer, elsewhere: (elsewhere, long) => elsewhere.answer(long) }

const asExplanation: Finish<Explanation & Measured, Explanation> = {
  here: (explanation) => explanation,
  elsewhere: (elsewhere, long) => elsewhere.explain(long),
}

function instantRequest(parsed: ParsedQueries, query: string, at: Millis): Request {
  const start = Math.trunc(at)
  return { query, parsed, grid: { start, step: 1, count: 1 }, end: start, step: 0, isRange: false }
}

function rangeRequest(parsed: ParsedQueries, query: string, start: Millis, end: Millis, step: DurationMs): Request {
  const grid = gridBetween(Math.trunc(start), Math.trunc(end), Math.max(1, Math.trunc(step)))
  return { query, parsed, grid, end: Math.trunc(end), step: grid.step, isRange: true }
}

interface Request {
  readonly query: string
  readonly parsed: ParsedQueries
  readonly grid: Grid
  readonly end: Millis
  readonly step: DurationMs
  readonly isRange: boolean
}

/** `recorder` is there when the query is to be explained. */
async function run(
  request: Request,
  options: EngineOptions,
  gate: Entrance,
  queryOptions: EngineQueryOptions,
  recorder?: Recorder,
): Promise<MeasuredAnswer> {
  const { clock, observe } = options
  const watch = new Stopwatch(clock)
  const budget = new Budget({
    clock,
    timeoutMs: queryOptions.timeoutMs ?? options.timeoutMs ?? 120_000,
    samplesMax: options.samplesMax ?? 50_000_000,
    signal: queryOptions.signal,
    isCanceled: options.isCanceled,
  })
  const samplesRead = new SamplesRead(request.grid, queryOptions.perStepStats ?? false)
  const stats = (): QueryStats => ({
    query: request.query,
    ...watch.times(),
    samplesTotal: samplesRead.loaded,
    samplesRead: samplesRead.read,
    samplesPeak: budget.peak,
    ...perStepOf(samplesRead, request.grid),
  })
  observe?.started?.()
  let ended: QueryStats | undefined
  try {
    const expr = request.parsed.parse(request.query)
    checkType(expr, request.isRange)
    using _place = await gate.enter(budget, queryOptions.signal)
    watch.lap('queueMs')
    const plan = planQuery(expr, planOptions(request, options, queryOptions))
    checkSize(plan, options)
    const missing: string[] = []
    const data = await select(plan, options, budget, (text) => missing.push(text), queryOptions.signal)
    watch.lap('prepareMs')
    const context: EvalContext = {
      data,
      annotations: new Annotations(),
      budget,
      samplesRead,
      isRange: request.isRange,
      features: {
        delayedNameRemoval: options.features?.delayedNameRemoval ?? true,
        typeAndUnitLabels: options.features?.typeAndUnitLabels ?? false,
        startTimestamps: options.features?.startTimestamps ?? true,
      },
      sharedFrames: new Map(),
      ...(recorder === undefined ? {} : { trace: recorder }),
    }
    recorder?.begin(expr, plan, context)
    const value = evaluate(plan, context, request)
    const answer = {
      value,
      warnings: [...missing, ...context.annotations.texts('warning', request.query)],
      infos: context.annotations.texts('info', request.query),
    }
    watch.lap('evalMs')
    ended = stats()
    return { ...answer, stats: ended }
  } finally {
    observe?.ended?.(ended ?? stats())
  }
}

function checkType(expr: Expr, isRange: boolean): void {
  const type = valueType(expr)
  if (!isRange || type === 'vector' || type === 'scalar') return
  throw new QueryError('bad_data', `invalid expression type "${documentedType(type)}" for range query, must be Scalar or instant Vector`)
}

function planOptions(request: Request, options: EngineOptions, queryOptions: QueryOptions): Parameters<typeof planQuery>[1] {
  return {
    grid: request.grid,
    end: request.end,
    step: request.step,
    lookback: queryOptions.lookbackMs ?? options.lookbackMs ?? 300_000,
    defaultStep: () => options.defaultSubqueryStepMs?.() ?? 60_000,
    text: request.query,
  }
}

/** Before anything is read or made room for. @throws QueryError @throws TurnOver */
function checkSize(plan: QueryPlan, options: EngineOptions): void {
  // The evaluations of a subquery are samples, and some of its parts have room for all of them at once.
  if (stepsMaxOf(plan.root) > roomFor(options)) throw tooManySamples()
  if (options.elsewhere?.()?.isLong(plan.selections, evaluationsOf(plan.root))) throw new TurnOver()
}

function roomFor({ samplesMax = 50_000_000 }: EngineOptions): number {
  return Math.max(samplesMax, STORE_SAMPLES_MIN)
}

async function select(
  plan: QueryPlan,
  options: EngineOptions,
  budget: Budget,
  warn: (text: string) => void,
  signal?: AbortSignal,
): Promise<EvalContext['data']> {
  if (plan.selections.length === 0) return []
  budget.check()
  try {
    const limits = { samplesMax: roomFor(options), passing: true, warn }
    const data = await options.queryable.select(plan.selections, signal === undefined ? limits : { ...limits, signal })
    budget.check()
    return data
  } catch (error) {
    if (error instanceof QueryError || error instanceof TurnOver) throw error
    if (signal?.aborted) throw canceled('expression evaluation')
    throw new QueryError('execution', `expanding series: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function evaluate(plan: QueryPlan, context: EvalContext, request: Request): Answer['value'] {
  const { root } = plan
  const { grid } = request
  if (root.kind === 'string') return { kind: 'string', at: grid.start, value: root.value }
  if (root.kind === 'window') return samplesAnswer(root, context)
  const operator = build(root, context)
  if (request.isRange) return matrixAnswer(operator, grid, context)
  if (valueType(root.expr) === 'scalar') return scalarAnswer(operator, grid.start)
  return vectorAnswer(operator, grid.start, context)
}

function perStepOf({ loadedPerStep, readPerStep }: SamplesRead, { start, step }: Grid): Pick<QueryStats, 'perStep'> {
  if (loadedPerStep === undefined || readPerStep === undefined) return {}
  return { perStep: { start, step, total: loadedPerStep, read: readPerStep } }
}

/** Times the stages of one query. */
class Stopwatch {
  readonly #clock: Clock
  readonly #start: DurationMs
  readonly #laps = { queueMs: 0, prepareMs: 0, evalMs: 0 }
  #last: DurationMs

  constructor(clock: Clock) {
    this.#clock = clock
    this.#start = clock.monotonic()
    this.#last = this.#start
  }

  lap(name: 'queueMs' | 'prepareMs' | 'evalMs'): void {
    const now = this.#clock.monotonic()
    this.#laps[name] = now - this.#last
    this.#last = now
  }

  times(): Pick<QueryStats, 'queueMs' | 'prepareMs' | 'evalMs' | 'totalMs'> {
    return { ...this.#laps, totalMs: this.#clock.monotonic() - this.#start }
  }
}
