// The limits of one query. Operators run without pause, so the budget is asked between series: has the time run out,
// has the caller gone, are more samples held than allowed.

import type { Clock, DurationMs } from '@promlet/model'
import { QueryError } from '@promlet/model'

export interface BudgetOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly timeoutMs: DurationMs
  readonly samplesMax: number
  readonly signal: AbortSignal | undefined
}

export class Budget {
  /** Most samples held at one time. */
  peak = 0
  #held = 0
  readonly #samplesMax: number
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #deadline: DurationMs
  readonly #signal: AbortSignal | undefined

  constructor({ clock, timeoutMs, samplesMax, signal }: BudgetOptions) {
    this.#samplesMax = samplesMax
    this.#clock = clock
    this.#deadline = clock.monotonic() + timeoutMs
    this.#signal = signal
  }

  /** How long the query may still run. */
  get remainingMs(): DurationMs {
    return Math.max(0, this.#deadline - this.#clock.monotonic())
  }

  /** @throws QueryError `timeout` or `canceled`. */
  check(): void {
    if (this.#signal?.aborted) throw canceled('expression evaluation')
    if (this.#clock.monotonic() > this.#deadline) throw timedOut('expression evaluation')
  }

  /** Samples are now held. @throws QueryError when there are too many. */
  hold(samples: number): void {
    this.#held += samples
    if (this.#held > this.peak) this.peak = this.#held
    if (this.#held > this.#samplesMax) throw tooManySamples()
  }

  release(samples: number): void {
    this.#held -= samples
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
