import type { Appender, Labels, SeriesRef } from '@promlet/model'

/**
 * Which series a rule wrote at its last evaluation, with their references, so that a series is resolved once and one
 * that is gone can be marked stale.
 */
export class SeriesMemory {
  #written: ReadonlyMap<string, Labels> = new Map()
  readonly #refs = new Map<string, SeriesRef>()

  /** The series of the last evaluation by the key of their labels. */
  get written(): ReadonlyMap<string, Labels> {
    return this.#written
  }

  /** Keeps what an evaluation wrote, and forgets the references of series that are gone. */
  keep(written: ReadonlyMap<string, Labels>): void {
    this.#written = written
    for (const key of this.#refs.keys()) if (!written.has(key)) this.#refs.delete(key)
  }

  resolve(appender: Appender, labels: Labels): SeriesRef {
    const known = this.#refs.get(labels.key)
    if (known !== undefined) return known
    const ref = appender.series(labels)
    this.#refs.set(labels.key, ref)
    return ref
  }

  /** Forgets references that the store has retired; true when there were any. */
  forget(refs: readonly SeriesRef[]): boolean {
    if (refs.length === 0) return false
    const retired = new Set(refs)
    for (const [key, ref] of this.#refs) if (retired.has(ref)) this.#refs.delete(key)
    return true
  }
}
