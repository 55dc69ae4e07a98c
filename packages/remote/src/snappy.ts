// Snappy's block format, by google/snappy's format_description.txt: the length of the content as a varint, then
// elements whose lowest two bits say what they are:
//
//   ......00  literal: a length, then so many bytes        .....x01  copy of 4 to 11 bytes, 11 bits of offset
//   ......10  copy of 1 to 64 bytes, 2 bytes of offset     ......11  copy of 1 to 64 bytes, 4 bytes of offset
//
// A copy may run into the bytes that it writes: that is how runs are told. Both ways are hot: every remote write
// request goes through here.

import { RemoteError } from './error.ts'

/** From here on the engine's own copying is faster than a loop. */
const BULK_BYTES_MIN = 24

/**
 * Unpacks a block. What it says to be longer than `bytesMax` is not unpacked at all.
 * @throws `RemoteError` `corrupt` for anything that is not one whole block.
 */
export function decodeSnappy(block: Uint8Array, bytesMax: number): Uint8Array {
  let length = 0
  let at = 0
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++]
    if (byte === undefined || shift > 28) throw corrupt()
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (length > bytesMax) throw new RemoteError('corrupt', 'snappy: decoded block is too large')
  // A byte of a block stands for 22 bytes at most, so a small block cannot claim much memory.
  if (length > block.length * 22) throw corrupt()
  const content = Buffer.allocUnsafeSlow(length)
  if (decodeElements(block, at, content) !== length) throw corrupt()
  return content
}

function corrupt(): RemoteError {
  return new RemoteError('corrupt', 'snappy: corrupt input')
}

/** Fills `content`; gives how far it came, which is not the end when the block is corrupt. */
function decodeElements(block: Uint8Array, start: number, content: Uint8Array): number {
  const end = block.length
  let from = start
  let to = 0
  while (from < end) {
    const tag = block[from++] as number
    let length = (tag >>> 2) + 1
    let offset = 0
    switch (tag & 3) {
      case 0: {
        if (length > 60) {
          const bytes = length - 60
          if (from + bytes > end) return -1
          length = 1
          for (let index = 0; index < bytes; index++) length += (block[from + index] as number) * 2 ** (8 * index)
          from += bytes
        }
        if (length > end - from || length > content.length - to) return -1
        if (length < BULK_BYTES_MIN) for (let index = 0; index < length; index++) content[to + index] = block[from + index] as number
        else content.set(block.subarray(from, from + length), to)
        from += length
        to += length
        continue
      }
      case 1:
        if (from >= end) return -1
        length = ((tag >>> 2) & 7) + 4
        offset = ((tag >>> 5) << 8) | (block[from++] as number)
        break
      case 2:
        if (from + 2 > end) return -1
        offset = (block[from] as number) | ((block[from + 1] as number) << 8)
        from += 2
        break
      default:
        if (from + 4 > end) return -1
        offset = ((block[from] as number) | ((block[from + 1] as number) << 8) | ((block[from + 2] as number) << 16)) >>> 0
        offset += (block[from + 3] as number) * 0x1000000
        from += 4
    }
    if (offset === 0 || offset > to || length > content.length - to) return -1
    const source = to - offset
    if (offset >= length && length >= BULK_BYTES_MIN) content.copyWithin(to, source, source + length)
    else for (let index = 0; index < length; index++) content[to + index] = content[source + index] as number
    to += length
  }
  return to
}

/** Offsets within a fragment fit into two bytes. */
const FRAGMENT_BYTES = 65_536
const TABLE_BITS = 14
/** Positions of the last occurrence of four bytes, by their hash; one table is enough, as encoding never waits. */
const table = new Uint16Array(1 << TABLE_BITS)
/** Near the end of a fragment matches are no longer looked for, so that four bytes can always be read. */
const MARGIN = 8

/** Packs bytes into one block. */
export function encodeSnappy(content: Uint8Array): Uint8Array {
  // Prometheus sizes its buffers alike; a literal of 64 KiB costs three bytes more than its content.
  const block = Buffer.allocUnsafeSlow(blockBytesMax(content.length))
  let to = writeLength(content.length, block)
  for (let start = 0; start < content.length; start += FRAGMENT_BYTES) {
    to = encodeFragment(content, start, Math.min(start + FRAGMENT_BYTES, content.length), block, to)
  }
  return block.subarray(0, to)
}

/**
 * The block of a content that comes in pieces, for one that is sent while it is packed. A piece holds until the next one is
 * asked for. `length` is that of all pieces together.
 */
export function* snappyPieces(length: number, content: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const block = Buffer.allocUnsafeSlow(blockBytesMax(FRAGMENT_BYTES))
  const fragment = Buffer.allocUnsafeSlow(Math.min(FRAGMENT_BYTES, length))
  yield block.subarray(0, writeLength(length, block))
  let filled = 0
  for (const piece of content) {
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + fragment.length - filled)
      fragment.set(part, filled)
      filled += part.length
      from += part.length
      if (filled < fragment.length) continue
      yield block.subarray(0, encodeFragment(fragment, 0, filled, block, 0))
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, encodeFragment(fragment, 0, filled, block, 0))
}

function blockBytesMax(contentBytes: number): number {
  return 32 + contentBytes + Math.ceil(contentBytes / 6)
}

function writeLength(length: number, block: Uint8Array): number {
  let to = 0
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    block[to++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80
    if (rest < 0x80) return to
  }
}

function encodeFragment(content: Uint8Array, start: number, end: number, block: Uint8Array, first: number): number {
  const last = end - MARGIN
  let to = first
  let pending = start
  let at = start + 1
  let misses = 32
  table.fill(0)
  while (at < last) {
    const slot = hashAt(content, at)
    const candidate = start + (table[slot] as number)
    table[slot] = at - start
    if (!sameFour(content, candidate, at)) {
      // Bytes that do not repeat are skipped in growing steps.
      at += misses++ >>> 5
      continue
    }
    misses = 32
    if (at > pending) to = writeLiteral(content, pending, at, block, to)
    let length = 4
    while (at + length < end && content[candidate + length] === content[at + length]) length++
    to = writeCopies(block, to, at - candidate, length)
    at += length
    pending = at
    if (at < last) table[hashAt(content, at - 1)] = at - 1 - start
  }
  return pending < end ? writeLiteral(content, pending, end, block, to) : to
}

function hashAt(content: Uint8Array, at: number): number {
  const four =
    (content[at] as number) | ((content[at + 1] as number) << 8) | ((content[at + 2] as number) << 16) | ((content[at + 3] as number) << 24)
  return Math.imul(four, 0x9e3779b1) >>> (32 - TABLE_BITS)
}

function sameFour(content: Uint8Array, left: number, right: number): boolean {
  return (
    content[left] === content[right] &&
    content[left + 1] === content[right + 1] &&
    content[left + 2] === content[right + 2] &&
    content[left + 3] === content[right + 3]
  )
}

function writeLiteral(content: Uint8Array, start: number, end: number, block: Uint8Array, first: number): number {
  const length = end - start
  let to = first
  if (length <= 60) {
    block[to++] = (length - 1) << 2
  } else if (length <= 256) {
    block[to++] = 60 << 2
    block[to++] = length - 1
  } else {
    block[to++] = 61 << 2
    block[to++] = (length - 1) & 0xff
    block[to++] = (length - 1) >>> 8
  }
  if (length < BULK_BYTES_MIN) for (let index = 0; index < length; index++) block[to + index] = content[start + index] as number
  else block.set(content.subarray(start, end), to)
  return to + length
}

function writeCopies(block: Uint8Array, first: number, offset: number, total: number): number {
  let to = first
  let length = total
  while (length > 0) {
    // What is left after a copy of 64 should not fall below the four bytes that the short form needs.
    const part = length >= 68 ? 64 : length > 64 ? 60 : length
    if (part >= 4 && part <= 11 && offset < 2048) {
      block[to++] = ((offset >>> 8) << 5) | ((part - 4) << 2) | 1
      block[to++] = offset & 0xff
    } else {
      block[to++] = ((part - 1) << 2) | 2
      block[to++] = offset & 0xff
      block[to++] = offset >>> 8
    }
    length -= part
  }
  return to
}
