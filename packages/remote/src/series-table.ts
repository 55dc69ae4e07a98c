import type { DurationMs, Labels, LayoutRef, Millis, SeriesRef } from '@promlet/model'

/** A series or layout that nobody used for so long is forgotten: as long as a store keeps series in its head. */
const FORGET_AFTER_MS: DurationMs = 2 * 3_600_000
const SWEEP_EVERY_MS: DurationMs = 600_000

interface Entry<Content> {
  readonly content: Content
  lastUsed: Millis
}

/** The references of the sender: which labels, and which lists of series, they stand for. References are never given twice. */
export class SeriesTable {
  readonly #series = new Map<SeriesRef, Entry<Labels>>()
  readonly #refs = new Map<string, SeriesRef>()
  readonly #layouts = new Map<LayoutRef, Entry<readonly SeriesRef[]>>()
  #nextRef = 1
  #nextLayout = 1
  #sweepAt = -Infinity

  resolve(labels: Labels, now: Millis): SeriesRef {
    const known = this.#refs.get(labels.key)
    const ref = known ?? this.#nextRef++
    if (known === undefined) this.#refs.set(labels.key, ref)
    this.#series.set(ref, { content: labels, lastUsed: now })
    return ref
  }

  addLayout(refs: readonly SeriesRef[], now: Millis): LayoutRef {
    const layout = this.#nextLayout++
    this.#layouts.set(layout, { content: [...refs], lastUsed: now })
    return layout
  }

  /** Undefined when the series has been forgotten. */
  labels(ref: SeriesRef, now: Millis): Labels | undefined {
    const entry = this.#series.get(ref)
    if (entry !== undefined) entry.lastUsed = now
    return entry?.content
  }

  layout(layout: LayoutRef, now: Millis): readonly SeriesRef[] | undefined {
    const entry = this.#layouts.get(layout)
    if (entry !== undefined) entry.lastUsed = now
    return entry?.content
  }

  /** Forgets what has not been used for long; gives the series forgotten. Cheap when there was a sweep not long ago. */
  sweep(now: Millis): readonly SeriesRef[] {
    if (now < this.#sweepAt) return []
    this.#sweepAt = now + SWEEP_EVERY_MS
    for (const [layout, { lastUsed }] of this.#layouts) if (lastUsed < now - FORGET_AFTER_MS) this.#layouts.delete(layout)
    const kept = new Set([...this.#layouts.values()].flatMap(({ content }) => content))
    const forgotten: SeriesRef[] = []
    for (const [ref, { content, lastUsed }] of this.#series) {
      if (lastUsed >= now - FORGET_AFTER_MS || kept.has(ref)) continue
      forgotten.push(ref)
      this.#series.delete(ref)
      this.#refs.delete(content.key)
    }
    return forgotten
  }
}
