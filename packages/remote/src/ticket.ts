import type { Refusals } from '@promlet/model'
import { noRefusals } from './refusals.ts'

/**
 * What a commit waits for: its portions at every shard of every endpoint. It resolves when all were taken, and
 * rejects with the first failure when all have ended and one was not.
 */
export class Ticket {
  readonly settled: Promise<Refusals>
  #open = 1
  #refusals: Refusals
  #failure: { readonly error: Error } | undefined
  readonly #resolve: (refusals: Refusals) => void
  readonly #reject: (error: Error) => void

  /** `refusals`: what was refused before anything was sent. */
  constructor(refusals: Refusals) {
    const { promise, resolve, reject } = Promise.withResolvers<Refusals>()
    this.settled = promise
    this.#refusals = refusals
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Called for each portion before `seal`. */
  open(): void {
    this.#open++
  }

  /** All portions are open. */
  seal(): void {
    this.#close()
  }

  take(refusals: Refusals = noRefusals): void {
    this.#refusals = added(this.#refusals, refusals)
    this.#close()
  }

  fail(error: Error): void {
    this.#failure ??= { error }
    this.#close()
  }

  #close(): void {
    this.#open--
    if (this.#open > 0) return
    if (this.#failure === undefined) this.#resolve(this.#refusals)
    else this.#reject(this.#failure.error)
  }
}

export function added(left: Refusals, right: Refusals): Refusals {
  const example = left.example ?? right.example
  return {
    outOfOrder: left.outOfOrder + right.outOfOrder,
    duplicate: left.duplicate + right.duplicate,
    tooOld: left.tooOld + right.tooOld,
    tooFarInFuture: left.tooFarInFuture + right.tooFarInFuture,
    unknownSeries: left.unknownSeries + right.unknownSeries,
    retired: right.retired.length === 0 ? left.retired : [...left.retired, ...right.retired],
    ...(example !== undefined && { example }),
  }
}
