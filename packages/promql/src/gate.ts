import type { Clock } from '@promlet/model'
import { type Budget, canceled, timedOut } from './operators/budget.ts'

/** Lets a number of queries in at one time; others wait in the order in which they came, for no longer than their time. */
export class Gate {
  readonly #waiting: (() => void)[] = []
  readonly #clock: Clock
  #free: number

  constructor(places: number, clock: Clock) {
    this.#free = places
    this.#clock = clock
  }

  /** Resolves when there is a place; disposing gives it back. @throws QueryError `timeout` or `canceled`. */
  async enter(budget: Budget, signal: AbortSignal | undefined): Promise<Disposable> {
    budget.check()
    if (this.#free === 0) await this.#wait(budget, signal)
    else this.#free--
    return { [Symbol.dispose]: () => this.#leave() }
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }

  #wait(budget: Budget, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
      }
      const enter = () => {
        done()
        resolve()
      }
      const giveUp = (error: Error) => {
        done()
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(error)
      }
      const abort = () => giveUp(canceled('query queue'))
      const timer = this.#clock.setTimer(budget.remainingMs, () => giveUp(timedOut('query queue')))
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(enter)
    })
  }
}
