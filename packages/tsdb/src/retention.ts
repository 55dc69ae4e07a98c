// Which blocks go, and the series that go with them.

import type { Millis, SeriesRef } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import type { Block } from './blocks.ts'
import type { Slices } from './compaction.ts'
import { decodeIds, encodeIds, subtract, union } from './ids.ts'
import { decodePairs } from './label-store.ts'
import { EVERY_SERIES } from './postings.ts'
import type { Reader } from './reader.ts'

/** Series per transaction. */
const SLICE_SERIES = 200

/** The blocks whose samples are all older than the newest sample by more than the retention time. */
export function expiredBlocks(blocks: readonly Block[], newest: Millis, retentionTimeMs: number): Block[] {
  return blocks.filter(({ to }) => to < newest - retentionTimeMs)
}

/** The oldest blocks, as many as it takes to bring `usedBytes` down to the limit; the newest block stays. */
export function surplusBlocks(blocks: readonly Block[], usedBytes: number, bytesMax: number): Block[] {
  const byAge = blocks.toSorted((left, right) => left.to - right.to)
  const surplus: Block[] = []
  let used = usedBytes
  for (const block of byAge.slice(0, -1)) {
    if (used <= bytesMax) break
    surplus.push(block)
    used -= block.bytes
  }
  return surplus
}

/** Takes series without samples out of the index. */
export class SeriesRemover {
  readonly #reader: Reader
  readonly #transaction: (run: () => void) => void
  readonly #statements: ReturnType<typeof prepare>

  constructor(database: Database, reader: Reader) {
    this.#reader = reader
    this.#transaction = database.transaction((run: () => void) => run()).immediate
    this.#statements = prepare(database)
  }

  /**
   * Removes series that no block and no batch has, and calls `removed` for each slice of them, so that memory forgets them
   * in the same turn. A series that gets a sample meanwhile stays.
   */
  *remove(removed: (refs: Uint32Array) => void): Slices {
    let { unused, blockGeneration } = this.#unused()
    for (let start = 0; start < unused.length; start += SLICE_SERIES) {
      const now = this.#reader.snapshot((state) => state)
      if (now.blockGeneration !== blockGeneration) {
        // Batches became a block since.
        ;({ unused, blockGeneration } = this.#unused())
        start = 0
      }
      const busy = this.#reader.snapshot((state) => this.#reader.batches.active(state, -Infinity, Infinity))
      const slice = subtract(unused.subarray(start, start + SLICE_SERIES), busy)
      if (slice.length > 0) {
        this.#transaction(() => this.#removeSlice(slice))
        removed(slice)
      }
      yield
    }
  }

  #unused(): { readonly unused: Uint32Array; readonly blockGeneration: number } {
    const { blocks, batches, postings } = this.#reader
    return this.#reader.snapshot((state) => {
      const used = union([batches.active(state, -Infinity, Infinity), ...blocks.active({ from: -Infinity, to: Infinity }, state)])
      return { unused: subtract(postings.ofPair(EVERY_SERIES, state), used), blockGeneration: state.blockGeneration }
    })
  }

  #removeSlice(refs: Uint32Array): void {
    const { findPairs, removeSeries, removeExemplars, changeGeneration } = this.#statements
    const pairs = new Map<number, SeriesRef[]>([[EVERY_SERIES, [...refs]]])
    for (const ref of refs) {
      const blob = findPairs.get(ref)
      if (blob === undefined) continue
      for (const pair of decodePairs(blob, ref)) pairs.set(pair, [...(pairs.get(pair) ?? []), ref])
      removeSeries.run(ref)
      removeExemplars.run(ref)
    }
    for (const [pair, gone] of pairs) this.#removePostings(pair, Uint32Array.from(gone))
    changeGeneration.run()
  }

  #removePostings(pair: number, gone: Uint32Array): void {
    const { segments, removeSegment, addSegment, hasPostings, removePair, removeName, nameOfPair } = this.#statements
    for (const { first, ids } of segments.all(pair, gone[0] as number, gone.at(-1) as number)) {
      const before = decodeIds(ids, 'posting list of pair', pair)
      const rest = subtract(before, gone)
      if (rest.length === before.length) continue
      removeSegment.run(pair, first)
      if (rest.length > 0) addSegment.run(pair, rest[0] as number, rest.at(-1) as number, rest.length, encodeIds(rest))
    }
    if (pair === EVERY_SERIES || hasPostings.get(pair) !== undefined) return
    const name = nameOfPair.get(pair)
    removePair.run(pair)
    if (name !== undefined) removeName.run(name, name)
  }
}

function prepare(database: Database) {
  const segments: Statement<[pair: number, first: number, last: number], { readonly first: number; readonly ids: Buffer }> =
    database.prepare('SELECT first, ids FROM posting WHERE pair = ? AND last >= ? AND first <= ?')
  return {
    segments,
    findPairs: database.prepare<[number], Buffer>('SELECT pairs FROM series WHERE id = ?').pluck(),
    removeSeries: database.prepare('DELETE FROM series WHERE id = ?'),
    removeExemplars: database.prepare('DELETE FROM exemplar WHERE series = ?'),
    removeSegment: database.prepare('DELETE FROM posting WHERE pair = ? AND first = ?'),
    addSegment: database.prepare('INSERT INTO posting (pair, first, last, length, ids) VALUES (?, ?, ?, ?, ?)'),
    hasPostings: database.prepare<[number], number>('SELECT 1 FROM posting WHERE pair = ? LIMIT 1').pluck(),
    nameOfPair: database.prepare<[number], number>('SELECT name FROM label_pair WHERE id = ?').pluck(),
    removePair: database.prepare('DELETE FROM label_pair WHERE id = ?'),
    removeName: database.prepare('DELETE FROM label_name WHERE id = ? AND NOT EXISTS (SELECT 1 FROM label_pair WHERE name = ?)'),
    changeGeneration: database.prepare('UPDATE state SET index_generation = index_generation + 1'),
  }
}
