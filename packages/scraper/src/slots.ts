// The series of one target, each in a slot: the places of the row that a scrape writes. A slot's series is resolved
// once. What the last scrape had and this one has not ends with a stale marker.

import { type Appender, type Labels, type LayoutRef, type Millis, type SeriesRef, setStale } from '@promlet/model'

/** What the present scrape says of a slot, where it says other things than the last one. */
const ABSENT = 0
/** It has a sample with a time of its own, whose absence next time means nothing. */
const UNTRACKED = 1
/** It has a sample, and ends when it is absent next time. */
const TRACKED = 2

/** More unused slots than this, and than half of all, are given up. */
const UNUSED_MAX = 64

/** Tells the new slot of each, -1 for one that is given up. */
export type SlotMoves = (slot: number) => number

/** The slots of one target. `reserved` ones at the start are kept whatever happens, and get no stale marker by themselves. */
export class Slots {
  readonly reserved: number
  count: number
  /** The row: one value per slot. */
  values: Float64Array
  /** 1 where the row has a value. */
  present: Uint8Array
  #marks: Uint8Array
  /** False while this scrape has the same samples as the last one, of its own time: then there are no marks. */
  #isMarked: boolean
  /** 1 where the last scrape had a tracked sample. */
  #before: Uint8Array
  #refs: SeriesRef[]
  #refMax: SeriesRef
  /** The slot of each series, while it is asked for: made when first needed, dropped with the next scrape. */
  #slotByRef: Map<SeriesRef, number> | undefined
  #layout: LayoutRef | undefined
  /** Series that the store refused as unknown. */
  readonly #refused: Set<SeriesRef>

  constructor(reserved: number) {
    this.reserved = reserved
    this.count = 0
    this.values = new Float64Array(64)
    this.present = new Uint8Array(64)
    this.#marks = new Uint8Array(64)
    this.#isMarked = false
    this.#before = new Uint8Array(64)
    this.#refs = []
    this.#refMax = -1
    this.#slotByRef = undefined
    this.#layout = undefined
    this.#refused = new Set()
  }

  /** The slot of a series, new if it has none. */
  resolve(labels: Labels, appender: Appender): number {
    const ref = appender.series(labels)
    // References grow, so that a new series is mostly told by its own.
    const known = ref > this.#refMax ? undefined : this.#slotOf(ref)
    return known ?? this.#add(ref)
  }

  /** Makes a reserved slot, in their order, or gives it its series anew. */
  reserve(slot: number, labels: Labels, appender: Appender): void {
    const ref = appender.series(labels)
    if (slot === this.count) this.#add(ref)
    this.#refs[slot] = ref
    this.#refMax = Math.max(this.#refMax, ref)
    this.#layout = undefined
  }

  #add(ref: SeriesRef): number {
    if (this.count === this.values.length) this.#grow()
    const slot = this.count++
    this.present[slot] = 0
    this.#marks[slot] = ABSENT
    this.#before[slot] = 0
    this.#refs[slot] = ref
    this.#refMax = Math.max(this.#refMax, ref)
    this.#slotByRef?.set(ref, slot)
    this.#layout = undefined
    return slot
  }

  #slotOf(ref: SeriesRef): number | undefined {
    this.#slotByRef ??= new Map(this.#refs.map((known, slot) => [known, slot]))
    return this.#slotByRef.get(ref)
  }

  ref(slot: number): SeriesRef {
    return this.#refs[slot] as SeriesRef
  }

  #grow(): void {
    const room = this.values.length * 2
    this.values = grown(this.values, new Float64Array(room))
    this.present = grown(this.present, new Uint8Array(room))
    this.#marks = grown(this.#marks, new Uint8Array(room))
    this.#before = grown(this.#before, new Uint8Array(room))
  }

  /** Starts a scrape: no slot has a sample. */
  begin(): void {
    this.#slotByRef = undefined
    this.present.fill(0, 0, this.count)
    if (this.#isMarked) this.#marks.fill(ABSENT, 0, this.count)
    this.#isMarked = false
  }

  /** Puts a sample of the scrape's own time into the row; false when the slot has one. Who writes into the row does the same. */
  put(slot: number, value: number): boolean {
    if (this.present[slot] === 1) return false
    this.values[slot] = value
    this.present[slot] = 1
    return true
  }

  /** Notes that a slot has a sample with a time of its own; false when it had a sample before. */
  note(slot: number, tracked: boolean): boolean {
    const before = this.#marks[slot]
    if (before !== TRACKED) this.#marks[slot] = tracked ? TRACKED : UNTRACKED
    this.#isMarked = true
    return before === ABSENT && this.present[slot] === 0
  }

  /** Marks as ended what the last scrape had and this one has not. */
  endMissing(): void {
    if (!this.#isMarked && this.#isAsBefore()) return
    this.#isMarked = true
    for (let slot = this.reserved; slot < this.count; slot++) {
      if (this.present[slot] === 1) this.#marks[slot] = TRACKED
      if (this.#before[slot] === 1 && this.#marks[slot] !== TRACKED) this.#end(slot)
      this.#before[slot] = this.#marks[slot] === TRACKED ? 1 : 0
    }
  }

  #isAsBefore(): boolean {
    const [from, to] = [this.reserved, this.count]
    return Buffer.compare(this.present.subarray(from, to), this.#before.subarray(from, to)) === 0
  }

  /** Takes back this scrape's samples and marks all that the last one had as ended. `count`: slots before this scrape. */
  endAll(count: number): void {
    if (count < this.count) this.#layout = undefined
    this.count = count
    this.#refs.length = count
    this.begin()
    this.endMissing()
  }

  /** Marks reserved slots as ended too. */
  endReserved(): void {
    for (let slot = 0; slot < this.reserved; slot++) this.#end(slot)
  }

  #end(slot: number): void {
    setStale(this.values, slot)
    this.present[slot] = 1
  }

  /** Takes slots out of the row whose series `isTaken` says another target has. */
  leaveOut(isTaken: (ref: SeriesRef) => boolean): void {
    for (let slot = 0; slot < this.count; slot++) if (isTaken(this.ref(slot))) this.present[slot] = 0
  }

  /** True when the last scrape had the series. */
  has(ref: SeriesRef): boolean {
    const slot = this.#slotOf(ref)
    return slot !== undefined && (slot < this.reserved || this.#before[slot] === 1)
  }

  /**
   * Gives up slots whose series the store no longer knows; reserved ones are to be `reserve`d again then. To be called
   * before a scrape.
   */
  giveUpRetired(appender: Appender): SlotMoves | undefined {
    // A layout that is gone says nothing of its series.
    const gone = this.#layout === undefined ? [] : (appender.retired(this.#layout) ?? this.#refs)
    if (gone.length === 0 && this.#refused.size === 0) return undefined
    const retired = new Set([...this.#refused, ...gone])
    this.#refused.clear()
    return this.#keep((slot) => slot < this.reserved || !retired.has(this.ref(slot)))
  }

  /** Writes the row. */
  write(appender: Appender, at: Millis): void {
    this.#layout ??= appender.layout(this.#refs)
    appender.appendRow(this.#layout, at, this.values.subarray(0, this.count), this.present.subarray(0, this.count))
  }

  /** The store refused samples of these series as unknown. */
  refuse(refs: readonly SeriesRef[]): void {
    for (const ref of refs) this.#refused.add(ref)
  }

  /** Gives up slots when many are not used. To be called after `write`. */
  compact(): SlotMoves | undefined {
    if (!this.#isMarked) return undefined
    let used = this.reserved
    for (let slot = this.reserved; slot < this.count; slot++) if (this.#marks[slot] !== ABSENT) used++
    const unused = this.count - used
    if (unused <= UNUSED_MAX || unused * 2 < this.count) return undefined
    return this.#keep((slot) => slot < this.reserved || this.#marks[slot] !== ABSENT)
  }

  #keep(isKept: (slot: number) => boolean): SlotMoves {
    const moved = new Int32Array(this.count).fill(-1)
    const refs: SeriesRef[] = []
    for (let slot = 0; slot < this.count; slot++) {
      if (!isKept(slot)) continue
      const to = refs.push(this.ref(slot)) - 1
      moved[slot] = to
      this.#before[to] = this.#before[slot] as number
      this.#marks[to] = this.#marks[slot] as number
    }
    this.#refs = refs
    this.#slotByRef = undefined
    this.#layout = undefined
    this.count = refs.length
    return (slot) => moved[slot] ?? -1
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
