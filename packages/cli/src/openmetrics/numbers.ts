import type { Millis } from '@promlet/model'

const slot = new Float64Array(1)
const slotBits = new BigInt64Array(slot.buffer)

/**
 * A time in seconds. Readers multiply by 1000 and cut off, and 1.001 · 1000 is a bit less than 1001: where that happens, the
 * next float up is written, so that every reader gets the millisecond that was meant.
 */
export function secondsText(at: Millis): string {
  let seconds = at / 1000
  while (Math.trunc(seconds * 1000) !== at) seconds = awayFromZero(seconds)
  return String(seconds)
}

function awayFromZero(value: number): number {
  slot[0] = value
  slotBits[0]! += 1n
  return slot[0] as number
}
