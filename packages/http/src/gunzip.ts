// Unpacking on the calling thread. `gunzipSync` of node:zlib makes a stream, its state of 40 KB and an output buffer for each
// call, which takes as long as the unpacking of a scrape. So one stream is kept, and asked through the handle that
// `gunzipSync` itself asks. Node does not document that handle: where it is not as expected, `gunzipSync` does the work.

import { constants, createGunzip, type Gunzip, gunzipSync } from 'node:zlib'
import { type BodyBuffers, grownBuffer } from './body-buffers.ts'

/** A header of ten bytes and a trailer with checksum and length. */
const PACKED_BYTES_MIN = 18
/** Deflate packs no better, so that a trailer which lies about the length costs little memory. */
const RATIO_MAX = 1032
const SLACK_BYTES = 64

interface Handle {
  reset(): void
  writeSync(flush: number, from: Uint8Array, start: number, length: number, to: Uint8Array, toStart: number, toLength: number): void
}

interface Engine {
  readonly stream: Gunzip
  readonly handle: Handle
  /** After a write: the room that is left, and the input that is left. */
  readonly left: Uint32Array
}

let engine: Engine | undefined

/**
 * Unpacks gzip into one of the buffers. What is longer than `bytesMax` (0: no limit) is an error like those of `gunzipSync`.
 * @throws what `gunzipSync` throws
 */
export function unpackSync(packed: Uint8Array, bytesMax: number, buffers: BodyBuffers): Uint8Array {
  engine ??= openEngine()
  if (engine === undefined) return gunzipSync(packed, bytesMax > 0 ? { maxOutputLength: bytesMax } : {})
  return unpackWith(engine, packed, bytesMax, buffers)
}

function openEngine(): Engine | undefined {
  const stream = createGunzip()
  const { _handle: handle, _writeState: left } = stream as unknown as { _handle?: Partial<Handle>; _writeState?: unknown }
  // An error is read from the stream; unheard it would end the process.
  stream.on('error', () => {})
  const isKnown = typeof handle?.reset === 'function' && typeof handle.writeSync === 'function' && left instanceof Uint32Array
  return isKnown ? { stream, handle: handle as Handle, left } : undefined
}

function unpackWith({ stream, handle, left }: Engine, packed: Uint8Array, bytesMax: number, buffers: BodyBuffers): Uint8Array {
  const limit = bytesMax > 0 ? bytesMax + 1 : Infinity
  let room = buffers.take(Math.min(limit, announcedLength(packed) + SLACK_BYTES))
  let length = 0
  let rest = packed.length
  handle.reset()
  for (;;) {
    const free = Math.min(room.length, limit) - length
    handle.writeSync(constants.Z_FINISH, packed, packed.length - rest, rest, room, length, free)
    const { errored } = stream
    if (errored !== null) {
      engine = undefined
      throw errored
    }
    const [freeLeft = 0, restLeft = 0] = left
    length += free - freeLeft
    rest = restLeft
    if (length >= limit) throw tooLarge()
    if (freeLeft > 0) return room.subarray(0, length)
    room = grownBuffer(room, length, length + SLACK_BYTES)
  }
}

/** What the last four bytes say of the length, within reason. */
function announcedLength(packed: Uint8Array): number {
  if (packed.length < PACKED_BYTES_MIN) return SLACK_BYTES
  const at = packed.length - 4
  return Math.min(new DataView(packed.buffer, packed.byteOffset + at, 4).getUint32(0, true), packed.length * RATIO_MAX)
}

function tooLarge(): Error {
  return Object.assign(new RangeError('the unpacked body is too large'), { code: 'ERR_BUFFER_TOO_LARGE' })
}
