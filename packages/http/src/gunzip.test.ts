import { deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BodyBuffers } from './body-buffers.ts'
import { unpackSync } from './gunzip.ts'

const exposition = Buffer.from(Array.from({ length: 3_000 }, (_, index) => `http_requests_total{code="${index}"} ${index * 7}\n`).join(''))

/** The content, or the code of the error. */
function outcome(unpack: () => Uint8Array): string {
  try {
    return Buffer.from(unpack()).toString('latin1')
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

describe('unpacking agrees with gunzipSync', () => {
  const packed = gzipSync(exposition)
  const flipped = Buffer.from(packed)
  flipped[packed.length >> 1]! ^= 0xff
  const liar = Buffer.from(packed)
  liar.writeUInt32LE(5, liar.length - 4)
  test.each([
    ['one member', packed],
    ['nothing in it', gzipSync('')],
    ['two members', Buffer.concat([packed, gzipSync('up 1\n')])],
    ['zeros behind it', Buffer.concat([packed, Buffer.alloc(10)])],
    ['other bytes behind it', Buffer.concat([packed, Buffer.from('up 1\n')])],
    ['cut off', packed.subarray(0, packed.length - 9)],
    ['cut off in its trailer', packed.subarray(0, packed.length - 3)],
    ['one byte', packed.subarray(0, 1)],
    ['a flipped byte', flipped],
    ['a wrong length', liar],
    ['zlib', deflateSync(exposition)],
    ['plain text', exposition],
  ])('%s', (_, bytes) => {
    // Twice, since a failure must leave nothing behind.
    for (let time = 0; time < 2; time++) {
      expect(outcome(() => unpackSync(bytes, 0, new BodyBuffers()))).toBe(outcome(() => gunzipSync(bytes)))
      expect(Buffer.from(unpackSync(packed, 0, new BodyBuffers())).equals(exposition)).toBe(true)
    }
  })

  test.each([0, 1, -1])('a limit that is %i more than the content', (more) => {
    const bytesMax = exposition.length + more
    expect(outcome(() => unpackSync(packed, bytesMax, new BodyBuffers()))).toBe(
      outcome(() => gunzipSync(packed, { maxOutputLength: bytesMax })),
    )
  })
})

test('a small body that says to be large takes little memory, and one that is large stops at the limit', () => {
  const small = gzipSync('up 1\n')
  small.writeUInt32LE(0xffff_fff0, small.length - 4)
  expect(outcome(() => unpackSync(small, 0, new BodyBuffers()))).toBe('Z_DATA_ERROR')
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  expect(outcome(() => unpackSync(bomb, 1_000_000, new BodyBuffers()))).toBe('ERR_BUFFER_TOO_LARGE')
})

test('a buffer that was given back serves the next body', () => {
  const buffers = new BodyBuffers()
  const first = unpackSync(gzipSync(exposition), 0, buffers)
  buffers.give(first)
  expect(unpackSync(gzipSync(exposition), 0, buffers).buffer).toBe(first.buffer)
})
