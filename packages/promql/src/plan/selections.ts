// A query asks its store once. While it is planned, every selector leaves here what it will read; selectors of the
// same series whose times lie close together share one selection.

import type { Matcher, Millis, Selection } from '@promlet/model'

interface Entry {
  /** Put together when a second selector comes. */
  key: string | undefined
  readonly matchers: readonly Matcher[]
  from: Millis
  to: Millis
}

/** The selections of one query, collected while planning. */
export class Selections {
  readonly #entries: Entry[] = []

  /** The slot of a selection that covers the times from `from` to `to`, inclusive. */
  slot(matchers: readonly Matcher[], from: Millis, to: Millis): number {
    const key = this.#entries.length === 0 ? undefined : keyOf(matchers)
    for (const [slot, entry] of this.#entries.entries()) {
      entry.key ??= keyOf(entry.matchers)
      if (entry.key !== key || !isCheap(entry, from, to)) continue
      entry.from = Math.min(entry.from, from)
      entry.to = Math.max(entry.to, to)
      return slot
    }
    return this.#entries.push({ key, matchers, from, to }) - 1
  }

  list(): readonly Selection[] {
    return this.#entries.map(({ matchers, from, to }) => ({ matchers, from, to }))
  }
}

function keyOf(matchers: readonly Matcher[]): string {
  return matchers.map(String).sort().join(',')
}

/** True when reading both ranges at once reads little more than reading each: `x / x offset 1w` stays apart. */
function isCheap(entry: Entry, from: Millis, to: Millis): boolean {
  const union = Math.max(entry.to, to) - Math.min(entry.from, from)
  return union <= 1.25 * Math.max(entry.to - entry.from, to - from)
}
