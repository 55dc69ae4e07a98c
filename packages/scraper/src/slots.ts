// The series of one target, each in a slot: the places of the row that a scrape writes. A slot's series is resolved
// once. What the last scrape had and this one has not ends with a stale marker.

import { type Appender, type Labels, type LayoutRef, type Millis, type SeriesRef, setStale } from '@promlet/model'

/** What the present scrape says of a slot. */
const ABSENT = 0
/** It has a sample with a time of its own, whose absence next time means nothing. */
const UNTRACKED = 1
/** It has a sample, and ends when it is absent next time. */
const TRACKED = 2

/** More unused slots than this, and than half of all, are given up. */
const UNUSED_MAX = 64

/** The slots of one target. `reserved` ones at the start are kept whatever happens, and get no stale marker by themselves. */
export class Slots {
  readonly reserved: number
  count: number
  /** The row: one value per slot. */
  values: Float64Array
  /** 1 where the row has a value. */
  present: Uint8Array
  #marks: Uint8Array
  /** 1 where the last scrape had a tracked sample. */
  #before: Uint8Array
  #refs: SeriesRef[]
  #labels: Labels[]
  #byRef: Map<SeriesRef, number>
  #layout: LayoutRef | undefined
  /** Slots whose series the store no longer knows. */
  readonly #retired: Set<number>

  constructor(reserved: number) {
    this.reserved = reserved
    this.count = 0
    this.values = new Float64Array(64)
    this.present = new Uint8Array(64)
    this.#marks = new Uint8Array(64)
    this.#before = new Uint8Array(64)
    this.#refs = []
    this.#labels = []
    this.#byRef = new Map()
    this.#layout = undefined
    this.#retired = new Set()
  }

  /** The slot of a series, new if it has none. */
  resolve(labels: Labels, appender: Appender): number {
    const ref = appender.series(labels)
    const known = this.#byRef.get(ref)
    if (known !== undefined) return known
    if (this.count === this.values.length) this.#grow()
    const slot = this.count++
    this.present[slot] = 0
    this.#marks[slot] = ABSENT
    this.#before[slot] = 0
    this.#refs[slot] = ref
    this.#labels[slot] = labels
    this.#byRef.set(ref, slot)
    this.#layout = undefined
    return slot
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
    this.present.fill(0, 0, this.count)
    this.#marks.fill(ABSENT, 0, this.count)
  }

  /** Puts a sample of the scrape's own time into the row; false when the slot has one. */
  put(slot: number, value: number): boolean {
    if (this.present[slot] === 1) return false
    this.values[slot] = value
    this.present[slot] = 1
    this.#marks[slot] = TRACKED
    return true
  }

  /** Notes that a slot has a sample with a time of its own; false when it had a sample before. */
  note(slot: number, tracked: boolean): boolean {
    const before = this.#marks[slot]
    if (before !== TRACKED) this.#marks[slot] = tracked ? TRACKED : UNTRACKED
    return before === ABSENT
  }

  /** Marks as ended what the last scrape had and this one has not. */
  endMissing(): void {
    for (let slot = this.reserved; slot < this.count; slot++) {
      if (this.#before[slot] === 1 && this.#marks[slot] !== TRACKED) this.#end(slot)
      this.#before[slot] = this.#marks[slot] === TRACKED ? 1 : 0
    }
  }

  /** Takes back this scrape's samples and marks all that the last one had as ended. `count`: slots before this scrape. */
  endAll(count: number): void {
    for (let slot = count; slot < this.count; slot++) this.#byRef.delete(this.ref(slot))
    if (count < this.count) this.#layout = undefined
    this.count = count
    this.#refs.length = count
    this.#labels.length = count
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
    const slot = this.#byRef.get(ref)
    return slot !== undefined && (slot < this.reserved || this.#before[slot] === 1)
  }

  /** Makes sure that the store knows all series. To be called before what it resolved is written. */
  restore(appender: Appender): void {
    for (const slot of this.#retired) {
      if (slot >= this.count) continue
      this.#byRef.delete(this.ref(slot))
      const ref = appender.series(this.#labels[slot] as Labels)
      this.#refs[slot] = ref
      this.#byRef.set(ref, slot)
      this.#layout = undefined
    }
    this.#retired.clear()
  }

  /** Writes the row. */
  write(appender: Appender, at: Millis): void {
    this.#layout ??= appender.layout(this.#refs)
    appender.appendRow(this.#layout, at, this.values.subarray(0, this.count), this.present.subarray(0, this.count))
  }

  /** The store no longer knows these series. */
  retire(refs: readonly SeriesRef[]): void {
    for (const ref of refs) {
      const slot = this.#byRef.get(ref)
      if (slot !== undefined) this.#retired.add(slot)
    }
  }

  /** Gives up slots that were not used for long; tells the new slot of each, or that it has none. To be called after `write`. */
  compact(): ((slot: number) => number) | undefined {
    let used = this.reserved
    for (let slot = this.reserved; slot < this.count; slot++) if (this.#marks[slot] !== ABSENT) used++
    const unused = this.count - used
    if (unused <= UNUSED_MAX || unused * 2 < this.count) return undefined
    return this.#keepUsed()
  }

  #keepUsed(): (slot: number) => number {
    const moved = new Int32Array(this.count).fill(-1)
    const refs: SeriesRef[] = []
    const labels: Labels[] = []
    for (let slot = 0; slot < this.count; slot++) {
      if (slot >= this.reserved && this.#marks[slot] === ABSENT) continue
      const to = refs.push(this.ref(slot)) - 1
      labels.push(this.#labels[slot] as Labels)
      moved[slot] = to
      this.#before[to] = this.#before[slot] as number
      this.#marks[to] = this.#marks[slot] as number
    }
    const retired = [...this.#retired].map((slot) => moved[slot] as number).filter((slot) => slot >= 0)
    this.#retired.clear()
    for (const slot of retired) this.#retired.add(slot)
    this.#refs = refs
    this.#labels = labels
    this.count = refs.length
    this.#byRef = new Map(refs.map((ref, slot) => [ref, slot]))
    this.#layout = undefined
    return (slot) => moved[slot] ?? -1
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
