// Groups do not all run at once: each has its place in the interval, given by a hash of its file and name, so that
// it is the same after a restart and samples of a group stand at a fixed distance.

import type { DurationMs, Millis } from '@promlet/model'

/** How far after the multiples of its interval a group runs; 0 to below the interval. */
export function groupOffset(file: string, name: string, interval: DurationMs): DurationMs {
  return Number(hash64(`${file};${name}`) % BigInt(interval))
}

/** The last slot of a group at or before `now`. */
export function slotBefore(now: Millis, offset: DurationMs, interval: DurationMs): Millis {
  return Math.floor((now - offset) / interval) * interval + offset
}

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n

/** FNV-1a, with a last mixing step, since names of groups often differ in one character only. */
function hash64(text: string): bigint {
  let hash = FNV_OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME)
  hash = BigInt.asUintN(64, (hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn)
  return hash ^ (hash >> 33n)
}
