// Lists of ids as bytes: first the count, then each id less the one before.

import { ByteWriter, openBlob } from './bytes.ts'

export const NO_IDS = new Uint32Array(0)

export function encodeIds(ids: Uint32Array): Buffer {
  const writer = new ByteWriter(ids.length * 2 + 16)
  writer.varint(ids.length)
  let before = 0
  for (const id of ids) {
    writer.zigzag(id - before)
    before = id
  }
  return writer.blob()
}

/** @throws StorageError `corrupt` */
export function decodeIds(blob: Buffer, what: string, id: number): Uint32Array {
  const reader = openBlob(blob, what, id)
  const ids = new Uint32Array(reader.varint())
  for (let index = 0, before = 0; index < ids.length; index++) ids[index] = before += reader.zigzag()
  return ids
}

/** Both lists increase. What is in both. */
export function intersect(left: Uint32Array, right: Uint32Array): Uint32Array {
  const [small, large] = left.length <= right.length ? [left, right] : [right, left]
  const both = new Uint32Array(small.length)
  let count = 0
  if (small.length * 16 < large.length) {
    for (const id of small) if (indexOf(large, id) >= 0) both[count++] = id
    return both.subarray(0, count)
  }
  for (let a = 0, b = 0; a < small.length && b < large.length; ) {
    const one = small[a] as number
    const other = large[b] as number
    if (one === other) both[count++] = one
    if (one <= other) a++
    if (other <= one) b++
  }
  return both.subarray(0, count)
}

/** Both lists increase. Where in `all` those of the ids stand that it has. */
export function positionsIn(all: Uint32Array, ids: Uint32Array): Uint32Array {
  const positions = new Uint32Array(Math.min(all.length, ids.length))
  let count = 0
  if (ids.length * 16 < all.length) {
    for (const id of ids) {
      const position = indexOf(all, id)
      if (position >= 0) positions[count++] = position
    }
    return positions.subarray(0, count)
  }
  for (let own = 0, position = 0; own < ids.length && position < all.length; ) {
    const id = ids[own] as number
    const other = all[position] as number
    if (id === other) positions[count++] = position
    if (id <= other) own++
    if (other <= id) position++
  }
  return positions.subarray(0, count)
}

/** Both lists increase. True when some id is in both. */
export function shareAny(left: Uint32Array, right: Uint32Array): boolean {
  const [small, large] = left.length <= right.length ? [left, right] : [right, left]
  for (const id of small) if (indexOf(large, id) >= 0) return true
  return false
}

/** Both lists increase. What is in `left` only. */
export function subtract(left: Uint32Array, right: Uint32Array): Uint32Array {
  const rest = new Uint32Array(left.length)
  let count = 0
  let other = 0
  for (const id of left) {
    while (other < right.length && (right[other] as number) < id) other++
    if (right[other] !== id) rest[count++] = id
  }
  return rest.subarray(0, count)
}

/** The lists increase. What is in any of them, each once, increasing. */
export function union(lists: readonly Uint32Array[]): Uint32Array {
  if (lists.length === 1) return lists[0] as Uint32Array
  let length = 0
  for (const list of lists) length += list.length
  const all = new Uint32Array(length)
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  all.sort()
  let count = 0
  for (const id of all) if (count === 0 || all[count - 1] !== id) all[count++] = id
  return all.subarray(0, count)
}

/** The position of an id in a list that increases; -1 when it is not there. */
export function indexOf(ids: Uint32Array, id: number): number {
  let low = 0
  let high = ids.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = ids[middle] as number
    if (found === id) return middle
    if (found < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}
