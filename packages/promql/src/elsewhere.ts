// A long query would hold the calling thread up, and with it everything else that the process does. So a query has a
// turn here, of some milliseconds; one that needs more is given up and run elsewhere from its beginning, in a worker.
// Its place among the queries that run at one time stays its own meanwhile.

import type { DurationMs, Millis, Selection } from '@promlet/model'
import type { EngineOptions, EngineQueryOptions, MeasuredAnswer, QueryStats } from './engine.ts'
import type { Explanation } from './explain/explanation.ts'
import type { Gate } from './gate.ts'
import { type Turn, TurnOver } from './operators/budget.ts'
import type { Grid } from './plan/grid.ts'
import type { WrittenAnswer } from './written-answer.ts'

/** Where queries go that are too long for the calling thread. */
export interface Elsewhere {
  /** What a query may take on the calling thread. */
  readonly turn: Turn
  /** Tells, before anything is read, that a turn would not do. `evaluations`: of all parts of the query, for one series each. */
  isLong(selections: readonly Selection[], evaluations: number): boolean
  /** @throws QueryError as the engine does. */
  answer(query: LongQuery): Promise<MeasuredAnswer>
  /** The same, written where it was computed. */
  write(query: LongQuery, limit: number): Promise<WrittenAnswer>
  explain(query: LongQuery): Promise<Explanation>
}

export interface LongQuery {
  readonly query: string
  readonly start: Millis
  readonly end: Millis
  /** 0 for an instant query. */
  readonly step: DurationMs
  /** `timeoutMs` is what is left. */
  readonly options: EngineQueryOptions & { readonly timeoutMs: DurationMs }
}

/** The engine's work on one query. */
export interface QueryRun {
  readonly query: string
  readonly grid: Grid
  readonly end: Millis
  readonly step: DurationMs
}

/** What becomes of an answer that was made here, and how it is asked for elsewhere. */
export interface Finish<T, R = MeasuredAnswer> {
  here(answer: R): T
  elsewhere(elsewhere: Elsewhere, query: LongQuery): Promise<T>
}

export type Entrance = Pick<Gate, 'enter'>

const NOTHING: Disposable = { [Symbol.dispose]() {} }

/** Runs a query by `run`, which is given an entrance and options of its own, or elsewhere, when there is such a place. */
export async function runHereOrElsewhere<T extends { readonly stats?: QueryStats }, R>(
  request: QueryRun,
  options: EngineOptions,
  gate: Entrance,
  queryOptions: EngineQueryOptions,
  run: (options: EngineOptions, entrance: Entrance) => Promise<R>,
  finish: Finish<T, R>,
): Promise<T> {
  const { clock, observe } = options
  const elsewhere = options.elsewhere?.()
  if (elsewhere === undefined) return finish.here(await run(options, gate))
  const start = clock.monotonic()
  let stats: QueryStats | undefined
  let place: Disposable | undefined
  let remainingMs = () => 0
  const entrance: Entrance = {
    async enter(budget, signal) {
      place = await gate.enter(budget, signal)
      budget.limitTurn(elsewhere.turn)
      remainingMs = () => budget.remainingMs
      return NOTHING
    },
  }
  observe?.started?.()
  try {
    const ended = (measured: QueryStats) => {
      stats = measured
    }
    return finish.here(await run({ ...options, observe: { ended } }, entrance))
  } catch (error) {
    if (!(error instanceof TurnOver)) throw error
    const { query, grid, end, step } = request
    const long = { query, start: grid.start, end, step, options: { ...queryOptions, timeoutMs: remainingMs() } }
    const answer = await finish.elsewhere(elsewhere, long)
    if (answer.stats === undefined) return answer
    stats = { ...answer.stats, queueMs: stats?.queueMs ?? 0, totalMs: clock.monotonic() - start }
    return { ...answer, stats }
  } finally {
    place?.[Symbol.dispose]()
    if (stats !== undefined) observe?.ended?.(stats)
  }
}
