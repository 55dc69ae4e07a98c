// Series ids are dense where they are in use and never reused, so state per series lives in pages of typed arrays that
// are made when one of their ids is first used: as quick as an array, and small when the ids in use are few and high.

const PAGE_BITS = 10
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

/** A number per series id, `undefined` where none was set; numbers are whole and not negative. */
export class RefMap {
  readonly pages: (Int32Array | undefined)[] = []

  get(ref: number): number | undefined {
    const value = this.pages[ref >>> PAGE_BITS]?.[ref & PAGE_MASK]
    return value === undefined || value < 0 ? undefined : value
  }

  set(ref: number, value: number): void {
    const number = ref >>> PAGE_BITS
    let page = this.pages[number]
    if (page === undefined) {
      page = new Int32Array(PAGE_SIZE).fill(-1)
      this.pages[number] = page
    }
    page[ref & PAGE_MASK] = value
  }

  /** The ids that have a number, increasing; there are `count` of them. */
  keys(count: number): Uint32Array {
    const keys = new Uint32Array(count)
    let at = 0
    for (const [number, page] of this.pages.entries()) {
      if (page === undefined) continue
      for (let index = 0; index < PAGE_SIZE; index++) if ((page[index] as number) >= 0) keys[at++] = number * PAGE_SIZE + index
    }
    return keys
  }

  delete(ref: number): void {
    const page = this.pages[ref >>> PAGE_BITS]
    if (page !== undefined) page[ref & PAGE_MASK] = -1
  }

  /** Lets go of pages in which nothing is set. */
  trim(): void {
    for (let number = 0; number < this.pages.length; number++) if (this.pages[number]?.every(isUnset)) this.pages[number] = undefined
  }
}

function isUnset(value: number): boolean {
  return value < 0
}

/** What is known of a series whose last sample was not read yet. */
export const UNKNOWN = Number.NaN
/** The last time of a series that has no sample. */
export const NEVER = -Infinity

/** The last time and value of each series: `UNKNOWN` until they are read from the file or written. */
export class LastSamples {
  readonly times: (Float64Array | undefined)[] = []
  readonly values: (Float64Array | undefined)[] = []

  timeOf(ref: number): number {
    return this.times[ref >>> PAGE_BITS]?.[ref & PAGE_MASK] ?? UNKNOWN
  }

  /** Copies the value's bits into `into[index]`; a value read as a number could lose those of a stale marker. */
  copyValue(ref: number, into: Float64Array, index: number): void {
    const page = this.values[ref >>> PAGE_BITS]
    if (page !== undefined) into.set(page.subarray(ref & PAGE_MASK, (ref & PAGE_MASK) + 1), index)
  }

  /** Sets the time, and the value from `values[index]`, bit by bit. */
  set(ref: number, at: number, values: Float64Array, index: number): void {
    const number = ref >>> PAGE_BITS
    const times = this.times[number] ?? this.#addPage(number)
    times[ref & PAGE_MASK] = at
    ;(this.values[number] as Float64Array)[ref & PAGE_MASK] = values[index] as number
  }

  forget(ref: number): void {
    const page = this.times[ref >>> PAGE_BITS]
    if (page !== undefined) page[ref & PAGE_MASK] = UNKNOWN
  }

  /** Lets go of pages whose series had no sample since a time: they are read from the file if they come again. */
  trim(since: number): void {
    for (let number = 0; number < this.times.length; number++) {
      if (!this.times[number]?.every((at) => !(at >= since))) continue
      this.times[number] = undefined
      this.values[number] = undefined
    }
  }

  #addPage(number: number): Float64Array {
    const times = new Float64Array(PAGE_SIZE).fill(UNKNOWN)
    this.times[number] = times
    this.values[number] = new Float64Array(PAGE_SIZE)
    return times
  }
}

/**
 * How many slots of a row are not simply newer than the last sample of their series: unknown, duplicate or out of
 * order. Zero is the usual answer, and this loop is all the checking that such a row gets.
 */
export function countNotNewer(last: LastSamples, refs: Uint32Array, length: number, at: number, present: Uint8Array | undefined): number {
  const pages = last.times
  let count = 0
  for (let slot = 0; slot < length; slot++) {
    if (present !== undefined && present[slot] === 0) continue
    const ref = refs[slot] as number
    const page = pages[ref >>> PAGE_BITS]
    if (page === undefined || !(at > (page[ref & PAGE_MASK] as number))) count++
  }
  return count
}

/** Makes a row the last sample of its series. Every page exists, since the row was checked. */
export function setLastRow(
  last: LastSamples,
  refs: Uint32Array,
  length: number,
  at: number,
  values: Float64Array,
  present: Uint8Array | undefined,
): void {
  for (let slot = 0; slot < length; slot++) {
    if (present !== undefined && present[slot] === 0) continue
    const ref = refs[slot] as number
    ;(last.times[ref >>> PAGE_BITS] as Float64Array)[ref & PAGE_MASK] = at
    ;(last.values[ref >>> PAGE_BITS] as Float64Array)[ref & PAGE_MASK] = values[slot] as number
  }
}
