// The writer's side of the index: label sets to references, and new series into the tables. A new series gets its
// reference at once and its rows with the first commit that has a sample of it.

import type { Labels, SeriesRef } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { Cache } from './cache.ts'
import { decodeIds, encodeIds } from './ids.ts'
import { encodePairs } from './label-store.ts'
import { EVERY_SERIES } from './postings.ts'

/** Label sets of some 200 bytes, those that were asked for again: who appends holds references of its own. */
const REFS_CACHED_MAX = 20_000
const PAIRS_CACHED_MAX = 400_000
const TAILS_CACHED_MAX = 20_000
/** Ids in one segment of a posting list: about a kilobyte, which still lies in one page. */
const SEGMENT_IDS_MAX = 512

/** What a commit has added, to be remembered once it is in the file. */
export interface AddedSeries {
  readonly refs: readonly SeriesRef[]
  readonly pairs: ReadonlyMap<string, number>
  /** True when a series came in below the highest id of the file: what readers cached is then no longer whole. */
  readonly outOfTurn: boolean
}

export class SeriesIndex {
  readonly #refs = new Cache<string, SeriesRef>(REFS_CACHED_MAX)
  readonly #pairs = new Cache<string, number>(PAIRS_CACHED_MAX)
  /** Pairs that the file is known not to have; a target's first scrape asks for the same ones again and again. */
  readonly #missingPairs = new Set<string>()
  /** The last segments of posting lists. */
  readonly #tails = new Cache<number, Uint32Array>(TAILS_CACHED_MAX)
  /** Referenced, and not in the file yet. */
  readonly #pending = new Map<SeriesRef, Labels>()
  readonly #pendingByKey = new Map<string, SeriesRef>()
  #next: SeriesRef
  #storedMax: SeriesRef
  readonly #statements: ReturnType<typeof prepare>

  constructor(database: Database) {
    this.#statements = prepare(database)
    this.#storedMax = this.#statements.lastSeries.get() ?? 0
    this.#next = this.#storedMax + 1
  }

  /** The reference of a label set, a new one when the set is new. */
  resolve(labels: Labels): SeriesRef {
    const { key } = labels
    const known = this.#refs.get(key) ?? this.#pendingByKey.get(key) ?? this.#find(labels)
    if (known !== undefined) return known
    const ref = this.#next++
    this.#pending.set(ref, labels)
    this.#pendingByKey.set(key, ref)
    return ref
  }

  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  /** True for a reference that was given out and has no row yet. */
  isPending(ref: SeriesRef): boolean {
    return this.#pending.has(ref)
  }

  pendingLabels(ref: SeriesRef): Labels | undefined {
    return this.#pending.get(ref)
  }

  /** True when the series has a row in the file. */
  isStored(ref: SeriesRef): boolean {
    return this.#statements.hasSeries.get(ref) !== undefined
  }

  /** Writes pending series, inside the caller's transaction. Call `settle` with the result after the commit. */
  write(refs: readonly SeriesRef[]): AddedSeries {
    const pairs = new Map<string, number>()
    const postings = new Map<number, number[]>()
    // Posting lists grow at their end, so ids have to come in order.
    const sorted = [...refs].sort((left, right) => left - right)
    for (const ref of sorted) {
      const labels = this.#pending.get(ref) as Labels
      const ids = this.#pairIds(labels, pairs)
      this.#statements.addSeries.run(ref, encodePairs(ids))
      for (const pair of ids) addTo(postings, pair, ref)
    }
    postings.set(EVERY_SERIES, sorted)
    for (const [pair, added] of postings) {
      // A reference may be given out early and get its first sample after later ones had theirs.
      for (const ref of added) if (ref < this.#storedMax) this.#insertPosting(pair, ref)
      const inTurn = added.filter((ref) => ref > this.#storedMax)
      if (inTurn.length > 0) this.#extendPosting(pair, inTurn)
    }
    return { refs: sorted, pairs, outOfTurn: sorted.length > 0 && (sorted[0] as number) < this.#storedMax }
  }

  /** Remembers what a committed transaction has written. */
  settle(added: AddedSeries): void {
    this.#missingPairs.clear()
    for (const [key, id] of added.pairs) this.#pairs.set(key, id)
    this.#storedMax = Math.max(this.#storedMax, added.refs.at(-1) ?? 0)
    // Not into `#refs`: who has just resolved them holds the references.
    this.#dropPending(added.refs)
  }

  #dropPending(refs: readonly SeriesRef[]): void {
    // Mostly all of them: a map that is emptied one by one is copied again and again as it shrinks.
    if (refs.length === this.#pending.size) {
      this.#pending.clear()
      this.#pendingByKey.clear()
      return
    }
    for (const ref of refs) {
      this.#pendingByKey.delete((this.#pending.get(ref) as Labels).key)
      this.#pending.delete(ref)
    }
  }

  /** Forgets what a transaction that was rolled back had written. */
  unwrite(): void {
    this.#tails.clear()
  }

  /** Forgets all that is cached, after series have left the file. */
  forget(): void {
    this.#tails.clear()
    this.#refs.clear()
    this.#pairs.clear()
  }

  #find(labels: Labels): SeriesRef | undefined {
    const ids: number[] = []
    for (let index = 0; index < labels.size; index++) {
      const id = this.#pairId(labels.names[index] as string, labels.values[index] as string)
      if (id === undefined) return undefined
      ids.push(id)
    }
    const ref = this.#statements.findSeries.get(encodePairs(ids))
    if (ref !== undefined) this.#refs.set(labels.key, ref)
    return ref
  }

  #pairId(name: string, value: string): number | undefined {
    const key = pairKey(name, value)
    const cached = this.#pairs.get(key)
    if (cached !== undefined) return cached
    if (this.#missingPairs.has(key)) return undefined
    const id = this.#statements.findPair.get(name, value)
    if (id !== undefined) this.#pairs.set(key, id)
    else this.#missingPairs.add(key)
    return id
  }

  #pairIds(labels: Labels, added: Map<string, number>): number[] {
    const ids: number[] = []
    for (let index = 0; index < labels.size; index++) {
      const name = labels.names[index] as string
      const value = labels.values[index] as string
      const key = pairKey(name, value)
      let id = this.#pairs.get(key) ?? added.get(key)
      if (id === undefined) {
        id = this.#statements.findPair.get(name, value) ?? this.#addPair(name, value)
        added.set(key, id)
      }
      ids.push(id)
    }
    return ids
  }

  #addPair(name: string, value: string): number {
    const nameId = this.#statements.findName.get(name) ?? Number(this.#statements.addName.run(name).lastInsertRowid)
    return Number(this.#statements.addPair.run(nameId, value).lastInsertRowid)
  }

  #extendPosting(pair: number, added: readonly number[]): void {
    const tail = this.#tails.get(pair) ?? this.#readTail(pair)
    const room = tail === undefined ? 0 : SEGMENT_IDS_MAX - tail.length
    if (tail === undefined || room <= 0) {
      this.#addSegments(pair, added)
      return
    }
    const grown = new Uint32Array(tail.length + Math.min(room, added.length))
    grown.set(tail)
    grown.set(added.slice(0, room), tail.length)
    this.#statements.growSegment.run(grown.at(-1), grown.length, encodeIds(grown), pair, grown[0])
    this.#tails.set(pair, grown)
    if (added.length > room) this.#addSegments(pair, added.slice(room))
  }

  #readTail(pair: number): Uint32Array | undefined {
    const segment = this.#statements.lastSegment.get(pair)
    return segment === undefined ? undefined : decodeIds(segment.ids, 'posting list of pair', pair)
  }

  #insertPosting(pair: number, ref: SeriesRef): void {
    const segment = this.#statements.segmentBefore.get(pair, ref)
    if (segment !== undefined) this.#statements.removeSegment.run(pair, segment.first)
    const known = segment === undefined ? [] : decodeIds(segment.ids, 'posting list of pair', pair)
    this.#addSegments(
      pair,
      [...known, ref].sort((left, right) => left - right),
    )
    // What was written last is not the last segment here.
    this.#tails.delete(pair)
  }

  #addSegments(pair: number, ids: readonly number[]): void {
    for (let at = 0; at < ids.length; at += SEGMENT_IDS_MAX) {
      const segment = Uint32Array.from(ids.slice(at, at + SEGMENT_IDS_MAX))
      this.#tails.set(pair, segment)
      this.#statements.addSegment.run(pair, segment[0], segment.at(-1), segment.length, encodeIds(segment))
    }
  }
}

function pairKey(name: string, value: string): string {
  return `${name}\0${value}`
}

function addTo(postings: Map<number, number[]>, pair: number, ref: SeriesRef): void {
  const list = postings.get(pair)
  if (list === undefined) postings.set(pair, [ref])
  else list.push(ref)
}

function prepare(database: Database) {
  const one = <Parameters extends unknown[]>(sql: string) => database.prepare<Parameters, number>(sql).pluck()
  interface Segment {
    readonly first: number
    readonly ids: Buffer
  }
  const lastSegment: Statement<[number], Segment> = database.prepare(
    'SELECT first, ids FROM posting WHERE pair = ? ORDER BY first DESC LIMIT 1',
  )
  const segmentBefore: Statement<[number, number], Segment> = database.prepare(
    'SELECT first, ids FROM posting WHERE pair = ? AND first < ? ORDER BY first DESC LIMIT 1',
  )
  return {
    lastSeries: one<[]>("SELECT seq FROM sqlite_sequence WHERE name = 'series'"),
    hasSeries: one<[number]>('SELECT 1 FROM series WHERE id = ?'),
    findSeries: one<[Buffer]>('SELECT id FROM series WHERE pairs = ?'),
    addSeries: database.prepare('INSERT INTO series (id, pairs) VALUES (?, ?)'),
    findName: one<[string]>('SELECT id FROM label_name WHERE name = ?'),
    addName: database.prepare('INSERT INTO label_name (name) VALUES (?)'),
    findPair: one<[string, string]>(
      'SELECT label_pair.id FROM label_pair JOIN label_name ON label_name.id = label_pair.name WHERE label_name.name = ? AND value = ?',
    ),
    addPair: database.prepare('INSERT INTO label_pair (name, value) VALUES (?, ?)'),
    lastSegment,
    segmentBefore,
    addSegment: database.prepare('INSERT INTO posting (pair, first, last, length, ids) VALUES (?, ?, ?, ?, ?)'),
    growSegment: database.prepare('UPDATE posting SET last = ?, length = ?, ids = ? WHERE pair = ? AND first = ?'),
    removeSegment: database.prepare('DELETE FROM posting WHERE pair = ? AND first = ?'),
  }
}
