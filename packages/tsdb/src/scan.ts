// Reads all of a store, however large it is: series by series in portions of bounded size, each on a state of its own, so
// that a writer's log does not grow while someone reads for minutes. What is stored does not change, so the portions fit
// together; only samples that came late, and what retention took meanwhile, may be missing.

import { join } from 'node:path'
import { type Exemplar, Labels, type MatcherSets, type Metadata, matchesAll, type SeriesColumns, type TimeRange } from '@promlet/model'
import { closeDatabase, type Database, openDatabase } from '@promlet/sqlite'
import { TimeShares } from './assembly.ts'
import { asReadError, asStorageError, StorageError } from './error.ts'
import { Reader, toColumns } from './reader.ts'
import { salvageTables } from './salvage.ts'
import { DATABASE_FILE, migrations, READABLE_FROM } from './schema.ts'
import type { State } from './snapshot-state.ts'

const CACHE_BYTES = 16 * 2 ** 20
/** About as many samples are in memory at a time. */
const PORTION_SAMPLES = 400_000
const PORTION_SERIES_MAX = 4_096

/** Some or all samples of a series that follow each other in time. */
export interface SeriesRun extends SeriesColumns {
  readonly id: number
}

export interface ScanOptions {
  /** Takes what cannot be read, so that the rest can be; without it damage ends the scan with an error. */
  readonly damaged?: (id: number, range: TimeRange, error: StorageError) => void
  readonly portionSamples?: number
}

/** A store that is open for reading, also while another process writes it. */
export interface StoreScan extends Disposable {
  /** From the oldest to the newest sample at this moment; undefined in an empty store. */
  span(): TimeRange | undefined
  /**
   * The series that any of the sets accepts (none given: all), in label order. Where the index is damaged, they are looked for
   * in the table of series; those whose labels cannot be read are missing then.
   */
  series(matcherSets?: MatcherSets): Uint32Array
  /** The labels of a series; undefined when it has left the store, or when they cannot be read. */
  labels(id: number): Labels | undefined
  /**
   * The samples of series in the range, series by series in the order of `ids`, each in order of time and in one run or
   * several. Series without samples are left out, and so are samples that are newer than the newest one at the start.
   * @throws StorageError `corrupt` unless `damaged` is given
   */
  read(ids: Uint32Array, range: TimeRange, options?: ScanOptions): Generator<SeriesRun>
  /** In order of time. */
  exemplars(id: number, range: TimeRange): readonly Required<Exemplar>[]
  /** In order of the metric's name. */
  metadata(): ReadonlyMap<string, Metadata>
  /** The connection, for plain SQL. */
  readonly database: Database
}

/**
 * Opens a store for reading all of it. `lost` is told of what cannot be read and is left out, but for samples in blocks:
 * see `ScanOptions`.
 * @throws StorageError `not-found`, `newer-version`, `older-version`, `corrupt`, `unwritable`
 */
export function openScan(path: string, lost: (error: unknown) => void): StoreScan {
  const file = join(path, DATABASE_FILE)
  try {
    let isCutOff = false
    const onDamage = (damage: Error) => {
      isCutOff = true
      lost(damage)
    }
    const options = { path: file, readonly: true, salvage: true, migrations, readableFrom: READABLE_FROM, cacheBytes: CACHE_BYTES }
    const database = openDatabase({ ...options, onDamage })
    if (isCutOff) salvageTables(database, lost)
    return new Scan(file, database, lost)
  } catch (error) {
    throw asStorageError(error, file)
  }
}

class Scan implements StoreScan {
  readonly database: Database
  readonly #file: string
  readonly #reader: Reader
  readonly #lost: (error: unknown) => void

  constructor(file: string, database: Database, lost: (error: unknown) => void) {
    this.#file = file
    this.database = database
    this.#reader = new Reader(database, lost)
    this.#lost = lost
  }

  span(): TimeRange | undefined {
    return this.#snapshot((state) => {
      const { from, to } = this.#reader.batches.load(state)
      const blocks = this.#reader.blocks.of(state)
      const oldest = blocks.reduce((least, block) => Math.min(least, block.from), from)
      const newest = blocks.reduce((most, block) => Math.max(most, block.to), to)
      return oldest > newest ? undefined : { from: oldest, to: newest }
    })
  }

  series(matcherSets: MatcherSets = []): Uint32Array {
    try {
      return this.#snapshot((state) => {
        const [only, ...more] = matcherSets
        if (only !== undefined && more.length === 0) return this.#reader.order.of(only, state).ordered
        return this.#reader.order.sorted(this.#reader.matching(matcherSets, state))
      })
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#lost(error)
      return this.#seriesWithoutIndex(matcherSets)
    }
  }

  labels(id: number): Labels | undefined {
    try {
      return this.#reader.labels.find(id)
    } catch (error) {
      const failure = asReadError(error, this.#file)
      if (!isCorrupt(failure)) throw failure
      return undefined
    }
  }

  *read(ids: Uint32Array, { from, to }: TimeRange, options: ScanOptions = {}): Generator<SeriesRun> {
    const span = this.span()
    if (span === undefined) return
    const range = { from: Math.max(span.from, from), to: Math.min(span.to, to) }
    if (range.from > range.to) return
    const samplesMax = options.portionSamples ?? PORTION_SAMPLES
    let size = 64
    for (let at = 0; at < ids.length; ) {
      const group = ids.subarray(at, at + size)
      const portion = this.#portion(group, range, samplesMax, options)
      if (portion.kind === 'read') {
        yield* portion.runs
        at += group.length
        if (portion.samples * 4 < samplesMax) size = Math.min(PORTION_SERIES_MAX, size * 2)
      } else if (group.length > 1) size = portion.kind === 'damaged' ? 1 : Math.max(1, group.length >> 1)
      else {
        const id = group[0] as number
        if (portion.kind === 'damaged') yield* this.#salvage(id, range, samplesMax, options)
        else yield* this.#long(id, range, samplesMax, options)
        at++
        size = 64
      }
    }
  }

  exemplars(id: number, range: TimeRange): readonly Required<Exemplar>[] {
    return this.#orNothing(() => this.#reader.exemplarTable.read(id, range), [])
  }

  metadata(): ReadonlyMap<string, Metadata> {
    return this.#orNothing(() => this.#reader.metadata.read(), new Map())
  }

  [Symbol.dispose](): void {
    closeDatabase(this.database)
  }

  #orNothing<T>(read: () => T, nothing: T): T {
    try {
      return this.#snapshot(read)
    } catch (error) {
      if (!isCorrupt(error)) throw error
      this.#lost(error)
      return nothing
    }
  }

  #seriesWithoutIndex(matcherSets: MatcherSets): Uint32Array {
    const all = this.#snapshot(() => this.database.prepare<[], number>('SELECT id FROM series').pluck().all())
    const found: { readonly id: number; readonly labels: Labels }[] = []
    for (const id of all) {
      const labels = this.labels(id)
      if (labels === undefined) continue
      if (matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(matchers, labels))) found.push({ id, labels })
    }
    found.sort((left, right) => Labels.compare(left.labels, right.labels))
    return Uint32Array.from(found, ({ id }) => id)
  }

  #portion(ids: Uint32Array, range: TimeRange, samplesMax: number, { damaged }: ScanOptions): Portion {
    try {
      return this.#snapshot((state) => this.#readPortion(ids, range, samplesMax, state))
    } catch (error) {
      if (damaged !== undefined && isCorrupt(error)) return { kind: 'damaged', error }
      throw error
    }
  }

  #readPortion(ids: Uint32Array, range: TimeRange, samplesMax: number, state: State): Portion {
    const known = ids.filter((id) => this.#reader.labels.find(id) !== undefined)
    const series = { ids: known.slice().sort(), ordered: known }
    const planned = this.#reader.plan(series, range, state, new TimeShares())
    let samples = 0
    for (const one of planned) samples += one.samples
    if (samples > samplesMax && (ids.length > 1 || range.from < range.to)) return { kind: 'too-large' }
    const runs: SeriesRun[] = []
    for (const one of planned) {
      const piece = one.read()
      if (piece.times.length > 0) runs.push({ id: one.id, ...toColumns(this.#reader.labels.of(one.id), piece) })
    }
    return { kind: 'read', runs, samples }
  }

  /** A series that is too long for one portion. */
  *#long(id: number, { from, to }: TimeRange, samplesMax: number, options: ScanOptions): Generator<SeriesRun> {
    const middle = from + Math.floor((to - from) / 2)
    for (const half of [
      { from, to: middle },
      { from: middle + 1, to },
    ]) {
      if (half.from > half.to) continue
      const portion = this.#portion(Uint32Array.of(id), half, samplesMax, options)
      if (portion.kind === 'read') yield* portion.runs
      else if (portion.kind === 'damaged') yield* this.#salvage(id, half, samplesMax, options)
      else yield* this.#long(id, half, samplesMax, options)
    }
  }

  /** A series of which some chunk is damaged, in parts that begin and end with the blocks: only those with the damage are lost. */
  *#salvage(id: number, range: TimeRange, samplesMax: number, options: ScanOptions): Generator<SeriesRun> {
    for (const part of this.#parts(range)) {
      const portion = this.#portion(Uint32Array.of(id), part, samplesMax, options)
      if (portion.kind === 'read') yield* portion.runs
      else if (portion.kind === 'too-large') yield* this.#long(id, part, samplesMax, options)
      else options.damaged?.(id, part, portion.error)
    }
  }

  #parts(range: TimeRange): TimeRange[] {
    const starts = this.#snapshot((state) => this.#reader.blocks.within(range, state).flatMap(({ from, to }) => [from, to + 1]))
    const cuts = [...new Set([range.from, ...starts])]
      .filter((at) => at >= range.from && at <= range.to)
      .sort((left, right) => left - right)
    return cuts.map((from, index) => ({ from, to: (cuts[index + 1] ?? range.to + 1) - 1 }))
  }

  #snapshot<T>(read: (state: State) => T): T {
    try {
      return this.#reader.snapshot(read)
    } catch (error) {
      throw asReadError(error, this.#file)
    }
  }
}

function isCorrupt(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'corrupt'
}

type Portion =
  | { readonly kind: 'read'; readonly runs: readonly SeriesRun[]; readonly samples: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged'; readonly error: StorageError }
