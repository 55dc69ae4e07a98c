import type { SeriesRef } from '@promlet/model'

/** Series of one generation; two of them, of 200 bytes each or so, are kept at most. */
const GENERATION_MAX = 250_000

/**
 * Remembers which reference the labels of a series were resolved to, under the bytes that stand for the labels on the
 * wire, so that a series which comes again costs no label set. Series that stay away are forgotten in time.
 */
export class SeriesCache {
  #young = new Map<string, SeriesRef>()
  #old = new Map<string, SeriesRef>()

  get(key: string): SeriesRef | undefined {
    const ref = this.#young.get(key)
    if (ref !== undefined) return ref
    const older = this.#old.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: string, ref: SeriesRef): void {
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, ref)
  }

  /** Forgets references that the store no longer knows. */
  forget(refs: readonly SeriesRef[]): void {
    const gone = new Set(refs)
    for (const generation of [this.#young, this.#old]) for (const [key, ref] of generation) if (gone.has(ref)) generation.delete(key)
  }
}
