// Rows and columns live outside the JavaScript heap, where the garbage collector frees them late: at a row of 16 KB per
// target and second, much later than new ones come. So what is used over and over is reused.

/** Buffers of rows: the ones of batches that became a block serve the rows to come. */
export class BufferPool {
  readonly #free = new Map<number, ArrayBuffer[]>()
  /** Sizes that were asked for since the last `trim`. */
  readonly #asked = new Set<number>()

  /** A buffer of this size with anything in it. */
  take(bytes: number): ArrayBuffer {
    this.#asked.add(bytes)
    return this.#free.get(bytes)?.pop() ?? new ArrayBuffer(bytes)
  }

  /** Takes back a buffer that nobody looks at any more. */
  give(buffer: ArrayBuffer): void {
    const list = this.#free.get(buffer.byteLength)
    if (list === undefined) this.#free.set(buffer.byteLength, [buffer])
    else list.push(buffer)
  }

  /** Lets go of sizes that nobody asked for since the last call: layouts come and go. */
  trim(): void {
    for (const bytes of this.#free.keys()) if (!this.#asked.has(bytes)) this.#free.delete(bytes)
    this.#asked.clear()
  }
}

/** Makes a column of a length, with anything in it. */
export type Allocate = (length: number) => Float64Array

/** A new column each time, for those that are given away. */
export const newColumn: Allocate = (length) => new Float64Array(length)

/** Columns that are all given back at once by `reset`. */
export class Arena {
  #block: Float64Array
  #used = 0

  constructor(capacity = 1024) {
    this.#block = new Float64Array(capacity)
  }

  readonly allocate: Allocate = (length) => {
    if (this.#used + length > this.#block.length) {
      this.#block = new Float64Array(Math.max(length, this.#block.length * 2))
      this.#used = 0
    }
    const start = this.#used
    this.#used += length
    return this.#block.subarray(start, this.#used)
  }

  reset(): void {
    this.#used = 0
  }
}
