import type { DurationMs, Millis } from '@promlet/model'

/**
 * How long a target waits for its first scrape. Scrapes fall on moments that only the target's identity, the interval
 * and the seed decide, so they keep their phase over restarts and spread over the interval. Prometheus: scrape/target.go.
 */
export function scrapeOffset(identity: string, seed: string, interval: DurationMs, now: Millis): DurationMs {
  const phase = hashText(`${seed}\n${identity}`) % interval
  const offset = (phase - (now % interval) + interval) % interval
  return offset
}

/** 52 bits of two FNV-1a hashes with different starts. */
function hashText(text: string): number {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (const byte of new TextEncoder().encode(text)) {
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ byte, 0x01000193)
  }
  return (mix(high) >>> 12) * 2 ** 32 + (mix(low) >>> 0)
}

/** Spreads each bit over all others, as similar texts have similar FNV hashes. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
