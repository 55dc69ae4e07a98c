// Reads one store over one connection: the writer's own, or a read-only one in another process or thread. Everything it
// holds in memory is a cache over what its connection sees.

import {
  compareText,
  type Labels,
  type Matcher,
  type MatcherSets,
  QueryError,
  type Selection,
  type SelectOptions,
  type SeriesColumns,
  type TimeRange,
} from '@promlet/model'
import type { Database } from '@promlet/sqlite'
import { type ExemplarSelection, ExemplarTable, type SeriesExemplars } from './exemplars.ts'
import { gather } from './gather.ts'
import { intersect, NO_IDS, union } from './ids.ts'
import { LabelOrder } from './label-order.ts'
import { LabelStore } from './label-store.ts'
import { LayoutReader } from './layout.ts'
import { MetadataTable } from './metadata.ts'
import { clip, JoinedTimes, join, type Piece } from './pieces.ts'
import { EVERY_SERIES, Postings } from './postings.ts'
import { RecentBatches } from './recent-batches.ts'
import { RefMap } from './ref-pages.ts'
import { type State, stateReader } from './snapshot-state.ts'

const ALWAYS: TimeRange = { from: -Infinity, to: Infinity }

export class Reader {
  readonly labels: LabelStore
  readonly postings: Postings
  readonly batches: RecentBatches
  readonly layouts: LayoutReader
  readonly metadata: MetadataTable
  readonly exemplarTable: ExemplarTable
  readonly #order: LabelOrder
  readonly #database: Database
  readonly #readState: () => State
  /** Scratch of one `recent` call, empty between calls. */
  readonly #wanted = new RefMap()

  constructor(database: Database) {
    this.#database = database
    this.#readState = stateReader(database)
    this.labels = new LabelStore(database)
    this.postings = new Postings(database, this.labels)
    this.#order = new LabelOrder(this.labels, this.postings)
    this.layouts = new LayoutReader(database)
    this.batches = new RecentBatches(database, this.layouts)
    this.metadata = new MetadataTable(database)
    this.exemplarTable = new ExemplarTable(database)
  }

  /** Runs `read` on one state of the store. `read` ends at once: it may not wait, write, or keep a statement open. */
  snapshot<T>(read: (state: State) => T): T {
    // The writer's own connection has one state as long as nothing else gets a turn.
    if (!this.#database.readonly) return read(this.#freshState())
    return this.#database.transaction(() => read(this.#freshState()))()
  }

  select(selections: readonly Selection[], options: SelectOptions = {}): SeriesColumns[][] {
    options.signal?.throwIfAborted()
    return this.snapshot((state) => {
      const times = new JoinedTimes()
      let left = options.samplesMax ?? Infinity
      return selections.map(({ matchers, from, to }) => {
        const found: SeriesColumns[] = []
        const ids = this.#order.of(matchers, state)
        this.columns(ids, { from, to }, state, times, (id, piece) => {
          left -= piece.times.length
          if (left < 0) throw tooManySamples()
          found.push(toColumns(this.labels.of(id), piece))
        })
        return found
      })
    })
  }

  /** Gives the samples of each series that has some in the range, in the order of `ids`. */
  columns(ids: Uint32Array, range: TimeRange, state: State, times: JoinedTimes, take: (id: number, piece: Piece) => void): void {
    if (ids.length === 0) return
    const pieces = this.recent(ids, range, state)
    for (let column = 0; column < ids.length; column++) {
      const piece = clip(join(pieces[column] as Piece[], times), range.from, range.to)
      if (piece.times.length > 0) take(ids[column] as number, piece)
    }
  }

  /** What the batches have of each series, as pieces in no order of time. */
  recent(ids: Uint32Array, range: TimeRange, state: State): Piece[][] {
    const wanted = this.#wanted
    for (let column = 0; column < ids.length; column++) wanted.set(ids[column] as number, column)
    try {
      return gather(this.batches.of(state), this.layouts, { wanted, columns: ids.length, ...range })
    } finally {
      for (const id of ids) wanted.delete(id)
    }
  }

  /** For each series the piece that ends last, or undefined when it has no sample. */
  newest(ids: Uint32Array, state: State): (Piece | undefined)[] {
    return this.recent(ids, ALWAYS, state).map((pieces) => {
      let newest: Piece | undefined
      for (const piece of pieces) {
        if (newest === undefined || (piece.times.at(-1) as number) > (newest.times.at(-1) as number)) newest = piece
      }
      return newest
    })
  }

  series(range: TimeRange, matcherSets: MatcherSets): Labels[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.#matching(matcherSets, state), range, state)
      const [only] = matcherSets
      const ordered = matcherSets.length === 1 ? this.#ordered(ids, only as readonly Matcher[], state) : this.#order.sorted(ids)
      return Array.from(ordered, (id) => this.labels.of(id))
    })
  }

  labelNames(range: TimeRange, matcherSets: MatcherSets): string[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.#matching(matcherSets, state), range, state)
      const names = new Set<string>()
      if (this.#isEverySeries(ids, state)) for (const name of this.labels.names()) names.add(name)
      else for (const id of ids) for (const name of this.labels.of(id).names) names.add(name)
      return [...names].sort(compareText)
    })
  }

  labelValues(name: string, range: TimeRange, matcherSets: MatcherSets): string[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.#matching(matcherSets, state), range, state)
      if (this.#isEverySeries(ids, state)) return this.labels.values(name, state).values.toSorted(compareText)
      const values = new Set<string>()
      for (const id of ids) values.add(this.labels.of(id).get(name))
      values.delete('')
      return [...values].sort(compareText)
    })
  }

  exemplars(range: TimeRange, selection: ExemplarSelection): SeriesExemplars[] {
    return this.snapshot((state) => {
      const found: SeriesExemplars[] = []
      for (const id of this.#order.sorted(this.#matching(selection, state))) {
        const exemplars = this.exemplarTable.read(id, range)
        if (exemplars.length > 0) found.push({ labels: this.labels.of(id), exemplars })
      }
      return found
    })
  }

  /** The series that any of the sets accepts (none given: all), increasing. */
  #matching(matcherSets: MatcherSets, state: State): Uint32Array {
    if (matcherSets.length === 0) return this.postings.ofPair(EVERY_SERIES, state)
    return union(matcherSets.map((matchers) => this.postings.matching(matchers, state)))
  }

  /** Those of the series that may have samples in the range. */
  #active(ids: Uint32Array, range: TimeRange, state: State): Uint32Array {
    const active = this.batches.active(state, range.from, range.to)
    return active.length === 0 ? NO_IDS : intersect(ids, active)
  }

  #ordered(ids: Uint32Array, matchers: readonly Matcher[], state: State): Uint32Array {
    const ordered = this.#order.of(matchers, state)
    if (ordered.length === ids.length) return ordered
    const active = new Set(ids)
    return ordered.filter((id) => active.has(id))
  }

  #isEverySeries(ids: Uint32Array, state: State): boolean {
    return ids.length > 0 && ids.length === this.postings.ofPair(EVERY_SERIES, state).length
  }

  #freshState(): State {
    const state = this.#readState()
    this.labels.refresh(state)
    this.postings.refresh(state)
    this.#order.refresh(state)
    return state
  }
}

function toColumns(labels: Labels, { times, values, histograms }: Piece): SeriesColumns {
  return histograms === undefined ? { labels, times, values } : { labels, times, values, histograms }
}

/** Prometheus: promql/engine.go ErrTooManySamples. */
function tooManySamples(): QueryError {
  return new QueryError('execution', 'query processing would load too many samples into memory in query execution')
}
