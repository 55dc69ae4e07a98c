// A layout is the ordered list of the series of one target or group; rows of values follow it. The stored layout only
// grows: a series that is absent is a presence bit, and a list that mostly repeats a known one is laid over it, so that
// one new series per scrape does not write a new layout. Layouts are needed as long as there are rows of them, which is
// until the next compaction, so a restart begins with new ones.

import type { LayoutRef, Millis, SeriesRef } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { StorageError } from './error.ts'
import { decodeIds, encodeIds } from './ids.ts'
import { RefMap } from './ref-pages.ts'

/** Lists that callers hold, by their slots; beyond it the ones not used for longest are forgotten. */
const SLOTS_MAX = 4_000_000
const LISTS_MIN = 1_000

/** A layout as the file has it, and the series added since. */
export interface StoredLayout {
  /** 0 until it is written. */
  id: number
  refs: Uint32Array
  length: number
  writtenLength: number
  /** Lists that are laid over it. */
  lists: number
  /** The newest batch that has a row of it. */
  lastBatch: number
}

/** A caller's list: slot i of a row goes to slot `slots[i]` of the stored layout, or to i when there are no `slots`. */
export interface LayoutList {
  readonly stored: StoredLayout
  readonly refs: Uint32Array
  readonly slots: Uint32Array | undefined
  readonly hash: number
  /** The number of `stored`. */
  readonly home: number
  /** How often series had left when it was last known that all of it are there. */
  checkedAt: number
}

const NO_REFS: readonly SeriesRef[] = []

export class Layouts {
  readonly #lists = new Map<LayoutRef, LayoutList>()
  readonly #known = new Map<number, LayoutRef>()
  readonly #stored: (StoredLayout | undefined)[] = []
  /** Those that were written, by id; after a failed commit an id may lead to one that does not have it. */
  readonly #written = new Map<number, StoredLayout>()
  /** The stored layout in which a series last got a slot, by its number in `#stored`, and the slot. */
  readonly #home = new RefMap()
  readonly #slot = new RefMap()
  #next: LayoutRef = 1
  /** How often series have left. */
  #departures = 0
  #slots = 0
  readonly #addLayout: Statement<[Millis]>
  readonly #addPart: Statement<[number, number, Buffer]>

  constructor(database: Database) {
    this.#addLayout = database.prepare('INSERT INTO layout (created_ms) VALUES (?)')
    this.#addPart = database.prepare('INSERT INTO layout_part (layout, start, ids) VALUES (?, ?, ?)')
  }

  /** A reference for the list; the same one for the same list. */
  resolve(refs: readonly SeriesRef[] | Uint32Array): LayoutRef {
    const hash = hashOf(refs)
    const known = this.#known.get(hash)
    if (known !== undefined && sameRefs(this.#lists.get(known)?.refs, refs)) return known
    const list = this.#lay(Uint32Array.from(refs), hash)
    const ref = this.#next++
    this.#lists.set(ref, list)
    this.#known.set(hash, ref)
    this.#slots += list.refs.length
    this.#forgetOld()
    return ref
  }

  /** @throws StorageError `unknown-layout` */
  list(ref: LayoutRef): LayoutList {
    const list = this.#lists.get(ref)
    if (list === undefined)
      throw new StorageError('unknown-layout', `layout ${ref}: this store does not know it (any more); resolve it again`)
    if (this.#slots > SLOTS_MAX / 2) {
      this.#lists.delete(ref)
      this.#lists.set(ref, list)
    }
    return list
  }

  /** The series of a list that have left the store since it was made; undefined when the list is not known. */
  retired(ref: LayoutRef): readonly SeriesRef[] | undefined {
    const list = this.#lists.get(ref)
    if (list === undefined) return undefined
    if (list.checkedAt === this.#departures) return NO_REFS
    const retired = [...list.refs].filter((series) => this.#home.get(series) === undefined)
    if (retired.length === 0) list.checkedAt = this.#departures
    return retired
  }

  /** Writes what the file does not have of a layout for a row in `batch`, inside the caller's transaction. */
  write(stored: StoredLayout, now: Millis, batch: number): void {
    const { writtenLength, length } = stored
    stored.lastBatch = batch
    if (writtenLength === length) return
    if (stored.id === 0) stored.id = Number(this.#addLayout.run(now).lastInsertRowid)
    this.#addPart.run(stored.id, writtenLength, encodeIds(stored.refs.subarray(writtenLength, length)))
    stored.writtenLength = length
    this.#written.set(stored.id, stored)
  }

  /** True when a batch after this one may have a row of a layout of the file. */
  isUsedAfter(id: number, batch: number): boolean {
    const stored = this.#written.get(id)
    return stored?.id === id && stored.lastBatch > batch
  }

  /** Tells that a layout has left the file; it is written anew, under another id, when a row of it comes. */
  unwrite(id: number): void {
    const stored = this.#written.get(id)
    this.#written.delete(id)
    if (stored?.id !== id) return
    stored.id = 0
    stored.writtenLength = 0
  }

  /** Forgets where series had their slots that have left the store. */
  forget(refs: Uint32Array): void {
    this.#departures++
    for (const ref of refs) {
      this.#home.delete(ref)
      this.#slot.delete(ref)
    }
  }

  /** Lets go of memory that `forget` left empty. */
  trim(): void {
    this.#home.trim()
    this.#slot.trim()
  }

  #lay(refs: Uint32Array, hash: number): LayoutList {
    const home = this.#homeOf(refs) ?? this.#start(refs.length)
    const stored = this.#stored[home] as StoredLayout
    const slots = new Uint32Array(refs.length)
    let inPlace = true
    for (let index = 0; index < refs.length; index++) {
      const ref = refs[index] as number
      const slot = this.#home.get(ref) === home ? (this.#slot.get(ref) as number) : this.#append(home, stored, ref)
      slots[index] = slot
      if (slot !== index) inPlace = false
    }
    stored.lists++
    return { stored, refs, slots: inPlace ? undefined : slots, hash, home, checkedAt: this.#departures }
  }

  /** The stored layout that has at least half of the series and would not be mostly empty afterwards. */
  #homeOf(refs: Uint32Array): number | undefined {
    const counts = new Map<number, number>()
    for (const ref of refs) {
      const home = this.#home.get(ref)
      if (home !== undefined) counts.set(home, (counts.get(home) ?? 0) + 1)
    }
    for (const [home, count] of counts) {
      const stored = this.#stored[home]
      if (stored === undefined || count * 2 < refs.length) continue
      const grown = stored.length + refs.length - count
      return grown <= refs.length * 2 ? home : undefined
    }
    return undefined
  }

  #start(capacity: number): number {
    return this.#stored.push({ id: 0, refs: new Uint32Array(capacity), length: 0, writtenLength: 0, lists: 0, lastBatch: 0 }) - 1
  }

  #append(home: number, stored: StoredLayout, ref: SeriesRef): number {
    if (stored.length === stored.refs.length) {
      const grown = new Uint32Array(stored.length + Math.max(16, stored.length >>> 3))
      grown.set(stored.refs)
      stored.refs = grown
    }
    const slot = stored.length++
    stored.refs[slot] = ref
    this.#home.set(ref, home)
    this.#slot.set(ref, slot)
    return slot
  }

  #forgetOld(): void {
    if (this.#slots <= SLOTS_MAX || this.#lists.size <= LISTS_MIN) return
    for (const [ref, list] of this.#lists) {
      if (this.#slots <= SLOTS_MAX / 2 || this.#lists.size <= LISTS_MIN) return
      this.#lists.delete(ref)
      if (this.#known.get(list.hash) === ref) this.#known.delete(list.hash)
      this.#slots -= list.refs.length
      // Numbers are not used again: series may still be at home there.
      if (--list.stored.lists === 0) this.#stored[list.home] = undefined
    }
  }
}

/** Reads layouts of the file; parts are added to a layout and never change. */
export interface LayoutSpan {
  readonly length: number
  readonly lowest: number
  readonly highest: number
}

export class LayoutReader {
  readonly #spans = new Map<number, LayoutSpan>()
  readonly #known = new Map<number, Uint32Array>()
  readonly #readParts: Statement<[number, number], { readonly start: number; readonly ids: Buffer }>

  constructor(database: Database) {
    this.#readParts = database.prepare('SELECT start, ids FROM layout_part WHERE layout = ? AND start >= ? ORDER BY start')
  }

  /** The series of a layout, at least the first `length` of them. @throws StorageError `corrupt` */
  refs(layout: number, length: number): Uint32Array {
    let refs = this.#known.get(layout) ?? new Uint32Array(0)
    if (refs.length >= length) return refs
    for (const part of this.#readParts.all(layout, refs.length)) {
      const added = decodeIds(part.ids, 'layout', layout)
      const grown = new Uint32Array(part.start + added.length)
      grown.set(refs)
      grown.set(added, part.start)
      refs = grown
    }
    if (refs.length < length)
      throw new StorageError('corrupt', `layout ${layout}: rows have ${length} slots, the layout has ${refs.length}`)
    this.#known.set(layout, refs)
    return refs
  }

  /** The lowest and the highest series of a layout, of at least the first `length`. */
  span(layout: number, length: number): LayoutSpan {
    const known = this.#spans.get(layout)
    if (known !== undefined && known.length >= length) return known
    const refs = this.refs(layout, length)
    let lowest = Infinity
    let highest = -Infinity
    for (const ref of refs) {
      if (ref < lowest) lowest = ref
      if (ref > highest) highest = ref
    }
    const span = { length: refs.length, lowest, highest }
    this.#spans.set(layout, span)
    return span
  }

  /** Forgets layouts that no batch uses any more. */
  keep(used: ReadonlySet<number>): void {
    for (const layout of this.#spans.keys()) if (!used.has(layout)) this.#spans.delete(layout)
    for (const layout of this.#known.keys()) if (!used.has(layout)) this.#known.delete(layout)
  }
}

function hashOf(refs: readonly SeriesRef[] | Uint32Array): number {
  let hash = refs.length
  for (let index = 0; index < refs.length; index++) hash = (Math.imul(hash, 31) + (refs[index] as number)) | 0
  return hash
}

function sameRefs(known: Uint32Array | undefined, refs: readonly SeriesRef[] | Uint32Array): boolean {
  if (known === undefined || known.length !== refs.length) return false
  for (let index = 0; index < refs.length; index++) if (known[index] !== refs[index]) return false
  return true
}
