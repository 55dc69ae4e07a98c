// The index from label pairs to series. A posting list is kept in segments of some hundred ids, each a row; a list that
// was read stays in memory as a sorted Uint32Array and is extended by the segments that new series have touched. Series
// that leave change the index generation, and everything here is read anew.

import type { Matcher } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { Cache } from './cache.ts'
import { decodeIds, intersect, NO_IDS, subtract, union } from './ids.ts'
import type { LabelStore } from './label-store.ts'
import type { State } from './snapshot-state.ts'

/** The pair id under which every series is listed. */
export const EVERY_SERIES = 0

const LISTS_CACHED_MAX = 20_000

interface PostingList {
  readonly ids: Uint32Array
  readonly upTo: number
}

export class Postings {
  readonly #labels: LabelStore
  readonly #lists = new Cache<number, PostingList>(LISTS_CACHED_MAX)
  #generation = -1
  readonly #readSegments: Statement<[pair: number, after: number], { readonly first: number; readonly ids: Buffer }>

  readonly #countEntries: Statement<[], number>

  constructor(database: Database, labels: LabelStore) {
    this.#labels = labels
    this.#countEntries = database.prepare<[], number>('SELECT coalesce(sum(length), 0) FROM posting WHERE pair <> 0').pluck()
    this.#readSegments = database.prepare('SELECT first, ids FROM posting WHERE pair = ? AND last > ? ORDER BY first')
  }

  refresh(state: State): void {
    if (this.#generation === state.indexGeneration) return
    this.#generation = state.indexGeneration
    this.#lists.clear()
  }

  /** The series that all matchers accept, increasing. The result may be shared: do not change it. */
  matching(matchers: readonly Matcher[], state: State): Uint32Array {
    const included: Uint32Array[] = []
    const excluded: Uint32Array[] = []
    for (const matcher of matchers) {
      // A series without the label has the empty value: such a matcher can only say which series are out.
      if (matcher.matchesEmpty) excluded.push(this.#ofValues(matcher, state, false))
      else included.push(this.#ofValues(matcher, state, true))
    }
    included.sort((left, right) => left.length - right.length)
    let found = included[0] ?? this.ofPair(EVERY_SERIES, state)
    for (const list of included.slice(1)) found = intersect(found, list)
    for (const list of excluded) found = subtract(found, list)
    return found
  }

  /** The series with a label pair, increasing. */
  ofPair(pair: number, state: State): Uint32Array {
    const cached = this.#lists.get(pair)
    if (cached !== undefined && cached.upTo >= state.seriesMax) return cached.ids
    const ids = extend(cached?.ids ?? NO_IDS, this.#readSegments.all(pair, cached?.ids.at(-1) ?? 0), pair)
    this.#lists.set(pair, { ids, upTo: state.seriesMax })
    return ids
  }

  /** How often a series is listed under a label pair, over all pairs. */
  entryCount(): number {
    return this.#countEntries.get() as number
  }

  /** The series that have the matcher's label, with a value that matches or with one that does not. */
  #ofValues(matcher: Matcher, state: State, matching: boolean): Uint32Array {
    const literals = matcher.operator === '=' ? [matcher.value] : matcher.operator === '=~' ? matcher.regex?.literals : undefined
    if (matching && literals !== undefined) return union(this.#ofLiterals(matcher.name, literals, state))
    const lists: Uint32Array[] = []
    const { ids, values } = this.#labels.values(matcher.name, state)
    for (let index = 0; index < ids.length; index++) {
      if (matcher.matches(values[index] as string) === matching) lists.push(this.ofPair(ids[index] as number, state))
    }
    return lists.length === 0 ? NO_IDS : union(lists)
  }

  #ofLiterals(name: string, values: readonly string[], state: State): Uint32Array[] {
    const lists: Uint32Array[] = []
    for (const value of new Set(values)) {
      const pair = this.#labels.pairId(name, value)
      if (pair !== undefined) lists.push(this.ofPair(pair, state))
    }
    return lists.length === 0 ? [NO_IDS] : lists
  }
}

function extend(ids: Uint32Array, segments: readonly { readonly first: number; readonly ids: Buffer }[], pair: number): Uint32Array {
  const parts = segments.map((segment) => decodeIds(segment.ids, 'posting list of pair', pair))
  const last = ids.at(-1) ?? 0
  // The first segment may hold ids that are here already.
  if (parts[0] !== undefined) parts[0] = parts[0].filter((id) => id > last)
  const all = new Uint32Array(parts.reduce((length, part) => length + part.length, ids.length))
  all.set(ids)
  let at = ids.length
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
