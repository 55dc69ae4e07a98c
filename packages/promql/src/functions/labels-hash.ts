// The place of a series between 0 and 1, by which limit_ratio samples. Prometheus takes the xxHash (64 bits, seed 0)
// of the labels as it keeps them in memory: each name and value after its length (one byte, or 255 and three).

import type { Labels } from '@promlet/model'

const MASK = (1n << 64n) - 1n
const P1: bigint = 0x9e3779b185ebca87n
const P2: bigint = 0xc2b2ae3d27d4eb4fn
const P3: bigint = 0x165667b19e3779f9n
const P4: bigint = 0x85ebca77c2b2ae63n
const P5: bigint = 0x27d4eb2f165667c5n

/** Between 0 and 1, always the same for the same labels. */
export function labelsOffset(labels: Labels): number {
  return Number(xxHash64(encodeLabels(labels))) / 2 ** 64
}

function encodeLabels(labels: Labels): Uint8Array {
  const encoder = new TextEncoder()
  const bytes: number[] = []
  for (const pair of labels) {
    for (const text of pair) {
      const encoded = encoder.encode(text)
      const { length } = encoded
      if (length < 255) bytes.push(length)
      else bytes.push(255, length & 255, (length >> 8) & 255, (length >> 16) & 255)
      bytes.push(...encoded)
    }
  }
  return Uint8Array.from(bytes)
}

export function xxHash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let hash = P5
  if (bytes.length >= 32) {
    const lanes: [bigint, bigint, bigint, bigint] = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK]
    for (; at + 32 <= bytes.length; at += 32) {
      for (const lane of [0, 1, 2, 3] as const) lanes[lane] = round(lanes[lane], view.getBigUint64(at + 8 * lane, true))
    }
    hash = (rotate(lanes[0], 1n) + rotate(lanes[1], 7n) + rotate(lanes[2], 12n) + rotate(lanes[3], 18n)) & MASK
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8) hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK
    at += 4
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}
