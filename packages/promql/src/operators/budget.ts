// The limits of one query. Operators run without pause, so the budget is asked between series: has the time run out,
// has the caller gone, are more samples held than allowed.

import type { Clock, DurationMs } from '@promlet/model'
import { QueryError } from '@promlet/model'

export interface BudgetOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly timeoutMs: DurationMs
  readonly samplesMax: number
  readonly signal: AbortSignal | undefined
  /** Asked too, where a signal would not be heard because the thread has no time for events. */
  readonly isCanceled?: (() => boolean) | undefined
}

/** How much a query may do on a thread that others wait for. */
export interface Turn {
  readonly ms: DurationMs
  /** In the answer: writing it takes time too. */
  readonly samples: number
  /** What the thread has computed so far; where others had its processor meanwhile, a turn may last longer. Absent: the clock tells. */
  readonly usedMs?: () => DurationMs
}

/** No turn lasts longer than so many times its length, whoever had the processor. */
const STRETCH_MAX = 4

/** A query has used up its turn: it is to run elsewhere. Nothing that a user sees. */
export class TurnOver extends Error {
  override readonly name = 'TurnOver'
}

export class Budget {
  /** Most samples held at one time. */
  peak = 0
  #held = 0
  #answered = 0
  readonly #samplesMax: number
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #deadline: DurationMs
  readonly #signal: AbortSignal | undefined
  readonly #isCanceled: (() => boolean) | undefined
  #turn: Turn | undefined
  /** When to look whether the turn is over, when it is in any case, and what had been computed before it. */
  #turnEnd: DurationMs = Infinity
  #turnLast: DurationMs = Infinity
  #usedBefore: DurationMs = 0

  constructor({ clock, timeoutMs, samplesMax, signal, isCanceled }: BudgetOptions) {
    this.#samplesMax = samplesMax
    this.#clock = clock
    this.#deadline = clock.monotonic() + timeoutMs
    this.#signal = signal
    this.#isCanceled = isCanceled
  }

  /** How long the query may still run. */
  get remainingMs(): DurationMs {
    return Math.max(0, this.#deadline - this.#clock.monotonic())
  }

  /** A turn begins: what goes beyond it is `TurnOver`. */
  limitTurn(turn: Turn): void {
    const now = this.#clock.monotonic()
    this.#turn = turn
    this.#turnEnd = now + turn.ms
    this.#turnLast = now + turn.ms * STRETCH_MAX
    this.#usedBefore = turn.usedMs?.() ?? 0
  }

  /** @throws QueryError `timeout` or `canceled`. @throws TurnOver */
  check(): void {
    if (this.#signal?.aborted || this.#isCanceled?.()) throw canceled('expression evaluation')
    const now = this.#clock.monotonic()
    if (now > this.#deadline) throw timedOut('expression evaluation')
    if (now > this.#turnEnd) this.#stretchTurn(now)
  }

  /** Samples are now held. @throws QueryError when there are too many. */
  hold(samples: number): void {
    this.#held += samples
    if (this.#held > this.peak) this.peak = this.#held
    if (this.#held > this.#samplesMax) throw tooManySamples()
  }

  /** Samples are now in the answer. @throws TurnOver */
  answer(samples: number): void {
    this.#answered += samples
    if (this.#turn !== undefined && this.#answered > this.#turn.samples) throw new TurnOver()
  }

  release(samples: number): void {
    this.#held -= samples
  }

  /** Until the thread has computed for as long as a turn is. @throws TurnOver */
  #stretchTurn(now: DurationMs): void {
    const turn = this.#turn as Turn
    const left = turn.usedMs === undefined ? 0 : turn.ms - (turn.usedMs() - this.#usedBefore)
    if (left <= 0 || now >= this.#turnLast) throw new TurnOver()
    this.#turnEnd = Math.min(now + left, this.#turnLast)
  }
}

/** Where a query was when it was broken off, in Prometheus's words (promql/engine.go). */
export type Stage = 'query queue' | 'expression evaluation'

export function timedOut(stage: Stage): QueryError {
  return new QueryError('timeout', `query timed out in ${stage}`)
}

export function canceled(stage: Stage): QueryError {
  return new QueryError('canceled', `query was canceled in ${stage}`)
}

export function tooManySamples(): QueryError {
  return new QueryError('execution', 'query processing would load too many samples into memory in query execution')
}
