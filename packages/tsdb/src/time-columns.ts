// The times of a block, each distinct column once: the series of a target share theirs, and so do the chunks here.
//
//   count, then per column: samples, bytes; then the columns as column.ts writes them, one behind the other

import { ByteReader, ByteWriter, openBlob } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'
import { StorageError } from './error.ts'

/** Numbers columns by what is in them. */
export class TimeColumnsBuilder {
  readonly columns: Float64Array[]
  readonly #byIdentity = new Map<Float64Array, number>()
  readonly #byContent = new Map<string, number[]>()

  /** Starts with columns that keep their numbers. */
  constructor(columns: readonly Float64Array[] = []) {
    this.columns = []
    for (const column of columns) this.#add(column, contentKey(column))
  }

  numberOf(times: Float64Array): number {
    const known = this.#byIdentity.get(times)
    if (known !== undefined) return known
    const key = contentKey(times)
    const twin = this.#byContent.get(key)?.find((number) => isSame(this.columns[number] as Float64Array, times))
    if (twin === undefined) return this.#add(times, key)
    this.#byIdentity.set(times, twin)
    return twin
  }

  blob(): Buffer {
    const writer = new ByteWriter()
    const data = new ByteWriter()
    writer.varint(this.columns.length)
    let before = 0
    for (const column of this.columns) {
      writeColumn(data, column, 0, column.length)
      writer.varint(column.length)
      writer.varint(data.length - before)
      before = data.length
    }
    writer.raw(data.bytes.subarray(0, data.length))
    return writer.blob()
  }

  #add(times: Float64Array, key: string): number {
    const number = this.columns.push(times) - 1
    this.#byIdentity.set(times, number)
    const twins = this.#byContent.get(key)
    if (twins === undefined) this.#byContent.set(key, [number])
    else twins.push(number)
    return number
  }
}

/** Reads columns of one block, each when it is first asked for. */
export class TimeColumns {
  readonly #bytes: Buffer
  readonly #lengths: number[] = []
  readonly #starts: number[] = []
  readonly #columns: (Float64Array | undefined)[]

  /** @throws StorageError `corrupt` */
  constructor(blob: Buffer, block: number) {
    const reader = openBlob(blob, 'times of block', block)
    const count = reader.varint()
    let start = 0
    for (let column = 0; column < count; column++) {
      this.#lengths.push(reader.varint())
      this.#starts.push(start)
      start += reader.varint()
    }
    for (let column = 0; column < count; column++) this.#starts[column]! += reader.at
    this.#bytes = blob
    this.#columns = new Array(count).fill(undefined)
  }

  /** @throws StorageError `corrupt` when there is no such column. */
  column(number: number): Float64Array {
    const known = this.#columns[number]
    if (known !== undefined) return known
    const length = this.#lengths[number]
    if (length === undefined) throw new StorageError('corrupt', `a chunk names the time column ${number} of ${this.#columns.length}`)
    const times = new Float64Array(length)
    readColumn(new ByteReader(this.#bytes, this.#bytes.length, this.#starts[number]), times, 0, length)
    this.#columns[number] = times
    return times
  }

  all(): Float64Array[] {
    return this.#columns.map((_, number) => this.column(number))
  }
}

function contentKey(times: Float64Array): string {
  return `${times.length},${times[0]},${times.at(-1)},${times[times.length >>> 1]}`
}

function isSame(left: Float64Array, right: Float64Array): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  return true
}
