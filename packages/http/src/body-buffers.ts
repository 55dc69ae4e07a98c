// Bodies are large and live for a moment. In memory of their own each they would wait for the garbage collector, count
// against what the heap may grow, and cost a page fault per 4 KiB; so those that their readers give back are used again.

/** More than this is not kept. */
const FREE_MAX = 4
const KEPT_BYTES_MAX = 4 * 2 ** 20
/** Bodies of one server differ a little in length. */
const STEP_BYTES = 4096

/** Buffers that nobody looks at any more, for the bodies to come. */
export class BodyBuffers {
  readonly #free: Buffer[] = []

  /** A buffer with at least so much room and anything in it. */
  take(bytesMin: number): Buffer {
    for (let index = this.#free.length - 1; index >= 0; index--) {
      if ((this.#free[index] as Buffer).length >= bytesMin) return this.#free.splice(index, 1)[0] as Buffer
    }
    return Buffer.allocUnsafeSlow(Math.max(1, Math.ceil(bytesMin / STEP_BYTES)) * STEP_BYTES)
  }

  /** Takes the buffer back in which a body lies. */
  give(body: Uint8Array): void {
    if (body.buffer.byteLength > KEPT_BYTES_MAX) return
    this.#free.push(Buffer.from(body.buffer as ArrayBuffer))
    if (this.#free.length <= FREE_MAX) return
    let smallest = 0
    for (let index = 1; index < this.#free.length; index++) {
      if ((this.#free[index] as Buffer).length < (this.#free[smallest] as Buffer).length) smallest = index
    }
    this.#free.splice(smallest, 1)
  }
}

/** The same content with more room. */
export function grownBuffer(buffer: Buffer, used: number, bytesMin: number): Buffer {
  const grown = Buffer.allocUnsafeSlow(Math.max(bytesMin, buffer.length * 2))
  buffer.copy(grown, 0, 0, used)
  return grown
}
