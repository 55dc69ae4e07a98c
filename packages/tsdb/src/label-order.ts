// Answers come in label order. Sorting some thousand label sets takes longer than reading their samples, and dashboards
// and rules ask for the same series again and again: so the order is kept per list of matchers, and a list that grew by
// a few new series gets only these sorted in.

import { Labels, type Matcher } from '@promlet/model'
import { Cache } from './cache.ts'
import { subtract } from './ids.ts'
import type { LabelStore } from './label-store.ts'
import type { Postings } from './postings.ts'
import type { State } from './snapshot-state.ts'

const ORDERS_CACHED_MAX = 1_000
/** Above it the order is not kept: few ask for so many series twice. */
const SERIES_KEPT_MAX = 200_000

/** Series that were asked for by matchers. Do not change the arrays. */
export interface OrderedSeries {
  /** Increasing. */
  readonly ids: Uint32Array
  /** The same ids in label order. */
  readonly ordered: Uint32Array
}

interface Order extends OrderedSeries {
  readonly seriesMax: number
}

export class LabelOrder {
  readonly #labels: LabelStore
  readonly #postings: Postings
  readonly #orders = new Cache<string, Order>(ORDERS_CACHED_MAX)
  #generation = -1

  constructor(labels: LabelStore, postings: Postings) {
    this.#labels = labels
    this.#postings = postings
  }

  refresh(state: State): void {
    if (this.#generation === state.indexGeneration) return
    this.#generation = state.indexGeneration
    this.#orders.clear()
  }

  /** The series that all matchers accept. */
  of(matchers: readonly Matcher[], state: State): OrderedSeries {
    const key = keyOf(matchers)
    const known = this.#orders.get(key)
    if (known !== undefined && known.seriesMax === state.seriesMax) return known
    const ids = this.#postings.matching(matchers, state)
    const ordered = this.#order(ids, known)
    const order = { ids, ordered, seriesMax: state.seriesMax }
    if (ids.length <= SERIES_KEPT_MAX) this.#orders.set(key, order)
    return order
  }

  /** The same series, increasing, without the time that it takes to put them in label order. */
  idsOf(matchers: readonly Matcher[], state: State): Uint32Array {
    const known = this.#orders.get(keyOf(matchers))
    return known !== undefined && known.seriesMax === state.seriesMax ? known.ids : this.#postings.matching(matchers, state)
  }

  #order(ids: Uint32Array, known: Order | undefined): Uint32Array {
    if (known === undefined) return this.sorted(ids)
    if (known.ids.length === ids.length) return known.ordered
    // Within one generation series only come.
    const added = this.sorted(subtract(ids, known.ids))
    const merged = new Uint32Array(ids.length)
    for (let at = 0, old = 0, fresh = 0; at < merged.length; at++) {
      const takeOld = fresh >= added.length || (old < known.ordered.length && this.#compare(known.ordered[old]!, added[fresh]!) < 0)
      merged[at] = takeOld ? known.ordered[old++]! : added[fresh++]!
    }
    return merged
  }

  /** A copy in label order. */
  sorted(ids: Uint32Array): Uint32Array {
    return ids.slice().sort((left, right) => this.#compare(left, right))
  }

  #compare(left: number, right: number): number {
    return Labels.compare(this.#labels.of(left), this.#labels.of(right))
  }
}

function keyOf(matchers: readonly Matcher[]): string {
  return matchers.map((matcher) => `${matcher}`).join()
}
