// Reading label names, values and label sets: series are lists of pair ids in the file, and become `Labels` here once.

import { compareText, Labels } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { ByteWriter, openBlob } from './bytes.ts'
import { Cache } from './cache.ts'
import { StorageError } from './error.ts'
import type { State } from './snapshot-state.ts'

const PAIRS_CACHED_MAX = 400_000
const LABELS_CACHED_MAX = 400_000

interface Pair {
  readonly name: string
  readonly value: string
}

/** All values of one label name with the ids of their pairs, in order of id. */
export interface ValueList {
  readonly ids: number[]
  readonly values: string[]
  upTo: number
  /** The values in order of text, once they were asked for. */
  sorted: readonly string[] | undefined
}

export class LabelStore {
  readonly #pairs = new Cache<number, Pair>(PAIRS_CACHED_MAX)
  readonly #labels = new Cache<number, Labels>(LABELS_CACHED_MAX)
  readonly #values = new Map<string, ValueList>()
  readonly #nameIds = new Map<string, number>()
  #names: { readonly sorted: readonly string[]; readonly upTo: number } | undefined
  #generation = -1
  readonly #readPair: Statement<[number], Pair>
  readonly #readSeries: Statement<[number], Buffer>
  readonly #readNameId: Statement<[string], number>
  readonly #readNames: Statement<[], string>
  readonly #readPairId: Statement<[number, string], number>
  readonly #readValues: Statement<[number, number], { readonly id: number; readonly value: string }>

  constructor(database: Database) {
    this.#readPair = database.prepare(
      'SELECT label_name.name AS name, value FROM label_pair JOIN label_name ON label_name.id = label_pair.name WHERE label_pair.id = ?',
    )
    this.#readSeries = database.prepare<[number], Buffer>('SELECT pairs FROM series WHERE id = ?').pluck()
    this.#readNameId = database.prepare<[string], number>('SELECT id FROM label_name WHERE name = ?').pluck()
    this.#readNames = database.prepare<[], string>('SELECT name FROM label_name').pluck()
    this.#readPairId = database.prepare<[number, string], number>('SELECT id FROM label_pair WHERE name = ? AND value = ?').pluck()
    this.#readValues = database.prepare('SELECT id, value FROM label_pair WHERE name = ? AND id > ? ORDER BY id')
  }

  /** Forgets what a state no longer has. Call it first for each state. */
  refresh(state: State): void {
    if (this.#generation === state.indexGeneration) return
    this.#generation = state.indexGeneration
    // Ids are never used twice: what is known of a series or a pair stays true, also when it has left.
    this.#values.clear()
    this.#nameIds.clear()
    this.#names = undefined
  }

  /** The labels of a series, or undefined when there is no such series. */
  find(ref: number): Labels | undefined {
    const cached = this.#labels.get(ref)
    if (cached !== undefined) return cached
    const blob = this.#readSeries.get(ref)
    if (blob === undefined) return undefined
    const names: string[] = []
    const values: string[] = []
    for (const pair of decodePairs(blob, ref)) {
      const { name, value } = this.pair(pair)
      names.push(name)
      values.push(value)
    }
    const labels = Labels.fromSorted(names, values)
    this.#labels.set(ref, labels)
    return labels
  }

  /** @throws StorageError `corrupt` when the index names a series that is not there. */
  of(ref: number): Labels {
    const labels = this.find(ref)
    if (labels === undefined) throw new StorageError('corrupt', `series ${ref}: it is in the index and not in the table of series`)
    return labels
  }

  pair(id: number): Pair {
    const cached = this.#pairs.get(id)
    if (cached !== undefined) return cached
    const pair = this.#readPair.get(id)
    if (pair === undefined) throw new StorageError('corrupt', `label pair ${id}: a series has it and the table of pairs has not`)
    this.#pairs.set(id, pair)
    return pair
  }

  pairId(name: string, value: string): number | undefined {
    const nameId = this.#nameId(name)
    return nameId === undefined ? undefined : this.#readPairId.get(nameId, value)
  }

  /** All label names that some series has or had, in order. */
  names(state: State): readonly string[] {
    if (this.#names?.upTo !== state.pairMax) this.#names = { sorted: this.#readNames.all().sort(compareText), upTo: state.pairMax }
    return this.#names.sorted
  }

  /** All values of a name, in order. */
  sortedValues(name: string, state: State): readonly string[] {
    const list = this.values(name, state)
    list.sorted ??= list.values.toSorted(compareText)
    return list.sorted
  }

  /** All values of a name. */
  values(name: string, state: State): ValueList {
    const list = this.#values.get(name) ?? { ids: [], values: [], upTo: 0, sorted: undefined }
    if (list.upTo >= state.pairMax) return list
    const nameId = this.#nameId(name)
    if (nameId !== undefined) {
      for (const { id, value } of this.#readValues.all(nameId, list.upTo)) {
        list.ids.push(id)
        list.values.push(value)
        list.sorted = undefined
      }
      list.upTo = state.pairMax
      this.#values.set(name, list)
    }
    return list
  }

  #nameId(name: string): number | undefined {
    const cached = this.#nameIds.get(name)
    if (cached !== undefined) return cached
    const id = this.#readNameId.get(name)
    if (id !== undefined) this.#nameIds.set(name, id)
    return id
  }
}

/** Pair ids in label order, as bytes: also the key by which a label set is found, so they have one form only. */
export function encodePairs(pairs: readonly number[]): Buffer {
  const writer = new ByteWriter(pairs.length * 3 + 8)
  for (const pair of pairs) writer.varint(pair)
  return writer.blob()
}

export function decodePairs(blob: Buffer, ref: number): number[] {
  const reader = openBlob(blob, 'series', ref)
  const pairs: number[] = []
  while (!reader.done) pairs.push(reader.varint())
  return pairs
}
