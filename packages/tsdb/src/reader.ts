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
import { type PlannedSeries, planSeries, TimeShares } from './assembly.ts'
import { Blocks, type OpenChunk } from './blocks.ts'
import { newColumn } from './buffers.ts'
import { readChunk } from './chunk.ts'
import { type EstimateOptions, estimateSelect, type SelectEstimate } from './estimate.ts'
import { type ExemplarSelection, ExemplarTable, type SeriesExemplars } from './exemplars.ts'
import { gather } from './gather.ts'
import { indexOf, intersect, NO_IDS, shareAny, union } from './ids.ts'
import { LabelOrder, type OrderedSeries } from './label-order.ts'
import { LabelStore } from './label-store.ts'
import { LayoutReader } from './layout.ts'
import { MetadataTable } from './metadata.ts'
import { PassingColumns, PassingValues } from './passing-columns.ts'
import type { Piece } from './pieces.ts'
import { EVERY_SERIES, Postings } from './postings.ts'
import { RecentBatches } from './recent-batches.ts'
import { RefMap } from './ref-pages.ts'
import { type State, stateReader } from './snapshot-state.ts'

export class Reader {
  readonly labels: LabelStore
  readonly postings: Postings
  readonly batches: RecentBatches
  readonly blocks: Blocks
  readonly layouts: LayoutReader
  readonly metadata: MetadataTable
  readonly exemplarTable: ExemplarTable
  readonly order: LabelOrder
  readonly #database: Database
  readonly #readState: () => State
  /** Scratch of one `recent` call, empty between calls. */
  readonly #wanted = new RefMap()

  /** `onDamage` is told of what cannot be read and is left out. */
  constructor(database: Database, onDamage: (error: unknown) => void) {
    this.#database = database
    this.#readState = stateReader(database)
    this.labels = new LabelStore(database)
    this.postings = new Postings(database, this.labels)
    this.order = new LabelOrder(this.labels, this.postings)
    this.layouts = new LayoutReader(database)
    this.batches = new RecentBatches(database, this.layouts, onDamage)
    this.blocks = new Blocks(database)
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
    return this.snapshot((state) => {
      const shares = new TimeShares()
      const passing = options.passing ? new PassingValues() : undefined
      let left = options.samplesMax ?? Infinity
      return selections.map(({ matchers, from, to }) => {
        const series = this.order.of(matchers, state)
        const planned = this.plan(series, { from, to }, state, shares)
        // Counted before anything is decoded.
        for (const { samples } of planned) left -= samples
        if (left < 0) throw tooManySamples()
        return planned.map((one) => this.#columns(one, passing))
      })
    })
  }

  /** About how much `select` would read. */
  estimate(selections: readonly Selection[], options: EstimateOptions = {}): SelectEstimate {
    return this.snapshot((state) => estimateSelect(selections, state, this, options))
  }

  /** The samples of series, each ready to be read, in label order; series that have none in the range may be among them. */
  plan({ ids, ordered }: OrderedSeries, range: TimeRange, state: State, shares: TimeShares): PlannedSeries[] {
    if (ids.length === 0) return []
    const wanted = this.#wanted
    for (let column = 0; column < ordered.length; column++) wanted.set(ordered[column] as number, column)
    try {
      const span = { first: ids[0] as number, last: ids.at(-1) as number }
      const recent = gather(this.batches.groups(state), this.layouts, {
        wanted,
        columns: ids.length,
        ...span,
        ...range,
        allocate: newColumn,
      })
      const chunks: OpenChunk[][] = recent.map(() => [])
      for (const block of this.blocks.within(range, state)) {
        this.blocks.read(block, ids, (id, chunk) => void chunks[wanted.get(id) as number]?.push(chunk))
      }
      return planSeries(ordered, chunks, recent, range, shares, newColumn)
    } finally {
      for (const id of ids) wanted.delete(id)
    }
  }

  /** For each series the piece that ends last, or undefined when it has no sample. `ids` increase. */
  newest(ids: Uint32Array, state: State): (Piece | undefined)[] {
    const newest: (Piece | undefined)[] = Array.from({ length: ids.length })
    const offer = (column: number, piece: Piece) => {
      const known = newest[column]
      if (known === undefined || (piece.times.at(-1) as number) > (known.times.at(-1) as number)) newest[column] = piece
    }
    for (const [column, pieces] of this.#recent(ids, state).entries()) for (const piece of pieces) offer(column, piece)
    for (const block of this.blocks.of(state).toSorted((left, right) => right.to - left.to)) {
      const open = ids.filter((_, column) => block.to > (newest[column]?.times.at(-1) ?? -Infinity))
      if (open.length === 0) break
      const take = (id: number, { times, reader }: OpenChunk) => offer(indexOf(ids, id), readChunk(reader, times))
      // A chunk that cannot be read ends with its block at the latest.
      const unreadable = { times: Float64Array.of(block.to), values: Float64Array.of(Number.NaN) }
      this.blocks.read(block, open, take, (id) => offer(indexOf(ids, id), unreadable))
    }
    return newest
  }

  #columns(series: PlannedSeries, passing: PassingValues | undefined): SeriesColumns {
    const labels = this.labels.of(series.id)
    if (passing !== undefined && series.times !== undefined) return new PassingColumns(labels, series.times, series, passing)
    return toColumns(labels, series.read())
  }

  #recent(ids: Uint32Array, state: State): Piece[][] {
    const wanted = new RefMap()
    for (let column = 0; column < ids.length; column++) wanted.set(ids[column] as number, column)
    const span = { first: ids[0] ?? 0, last: ids.at(-1) ?? 0 }
    const always = { from: -Infinity, to: Infinity }
    return gather(this.batches.groups(state), this.layouts, { wanted, columns: ids.length, ...span, ...always, allocate: newColumn })
  }

  series(range: TimeRange, matcherSets: MatcherSets): Labels[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.matching(matcherSets, state), range, state)
      const [only] = matcherSets
      const ordered = matcherSets.length === 1 ? this.#ordered(ids, only as readonly Matcher[], state) : this.order.sorted(ids)
      return Array.from(ordered, (id) => this.labels.of(id))
    })
  }

  labelNames(range: TimeRange, matcherSets: MatcherSets): readonly string[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.matching(matcherSets, state), range, state)
      if (this.#isEverySeries(ids, state)) return this.labels.names(state)
      const names = new Set<string>()
      for (const id of ids) for (const name of this.labels.of(id).names) names.add(name)
      return [...names].sort(compareText)
    })
  }

  labelValues(name: string, range: TimeRange, matcherSets: MatcherSets): readonly string[] {
    return this.snapshot((state) => {
      const ids = this.#active(this.matching(matcherSets, state), range, state)
      if (this.#isEverySeries(ids, state)) return this.labels.sortedValues(name, state)
      const known = this.labels.values(name, state)
      if (known.ids.length < ids.length) {
        return known.values.filter((_, index) => shareAny(this.postings.ofPair(known.ids[index] as number, state), ids)).sort(compareText)
      }
      const values = new Set<string>()
      for (const id of ids) values.add(this.labels.of(id).get(name))
      values.delete('')
      return [...values].sort(compareText)
    })
  }

  seriesCount(state: State): number {
    return this.postings.ofPair(EVERY_SERIES, state).length
  }

  exemplars(range: TimeRange, selection: ExemplarSelection): SeriesExemplars[] {
    return this.snapshot((state) => {
      const found: SeriesExemplars[] = []
      for (const id of this.order.sorted(intersect(this.exemplarTable.series(), this.matching(selection, state)))) {
        const exemplars = this.exemplarTable.read(id, range)
        if (exemplars.length > 0) found.push({ labels: this.labels.of(id), exemplars })
      }
      return found
    })
  }

  /** The series that any of the sets accepts (none given: all), increasing. */
  matching(matcherSets: MatcherSets, state: State): Uint32Array {
    if (matcherSets.length === 0) return this.postings.ofPair(EVERY_SERIES, state)
    return union(matcherSets.map((matchers) => this.postings.matching(matchers, state)))
  }

  /** Those of the series that may have samples in the range. */
  #active(ids: Uint32Array, range: TimeRange, state: State): Uint32Array {
    const lists = [this.batches.active(state, range.from, range.to), ...this.blocks.active(range, state)]
    let found: Uint32Array = NO_IDS
    for (const list of lists) {
      // As many as there are: then it is all of them.
      if (list.length >= ids.length && list.length === this.seriesCount(state)) return ids
      const here = intersect(ids, list)
      // Most lists are alike: the first one mostly has them all.
      if (here.length === ids.length) return ids
      if (here.length > 0) found = found.length === 0 ? here : union([found, here])
    }
    return found
  }

  #ordered(ids: Uint32Array, matchers: readonly Matcher[], state: State): Uint32Array {
    const { ordered } = this.order.of(matchers, state)
    if (ordered.length === ids.length) return ordered
    const active = new Set(ids)
    return ordered.filter((id) => active.has(id))
  }

  #isEverySeries(ids: Uint32Array, state: State): boolean {
    return ids.length > 0 && ids.length === this.seriesCount(state)
  }

  #freshState(): State {
    const state = this.#readState()
    this.labels.refresh(state)
    this.postings.refresh(state)
    this.order.refresh(state)
    return state
  }
}

export function toColumns(labels: Labels, { times, values, histograms, starts }: Piece): SeriesColumns {
  const startTimes = starts?.some((startAt) => startAt !== 0) ? { startTimes: starts } : undefined
  return histograms === undefined ? { labels, times, values, ...startTimes } : { labels, times, values, histograms, ...startTimes }
}

/** Prometheus: promql/engine.go ErrTooManySamples. */
function tooManySamples(): QueryError {
  return new QueryError('execution', 'query processing would load too many samples into memory in query execution')
}
