// One process with a store of its own and remote write: what is appended goes to both. The store decides; what the
// others make of it is theirs to count.

import type {
  Appendable,
  Appender,
  CommitOptions,
  Exemplar,
  Histogram,
  Labels,
  LayoutRef,
  Metadata,
  Millis,
  Refusals,
  SeriesRef,
} from '@promlet/model'
import { RemoteError } from './error.ts'
import { noRefusals } from './refusals.ts'

/**
 * Appends to the primary and to all others. `commit` awaits the primary alone and answers with its refusals; what it
 * has acknowledged is then committed to the others, whose failures go to `onFailure`, so that none of them holds up
 * or fails the primary. References are the primary's.
 */
export function fanOut(primary: Appendable, others: readonly Appendable[], onFailure: (error: unknown) => void = () => {}): Appendable {
  if (others.length === 0) return primary
  const names: Names = { series: new Map(), layouts: new Map() }
  const open = () => others.map((other) => other.appender())
  return { appender: () => new FanOutAppender(primary.appender(), open(), names, onFailure) }
}

/** What a reference of the primary stands for, and what it is called by each of the others. */
interface Name<Content> {
  readonly content: Content
  readonly aliases: number[]
}

interface Names {
  readonly series: Map<SeriesRef, Name<Labels>>
  /** The one that was not used for longest first. */
  readonly layouts: Map<LayoutRef, Name<readonly SeriesRef[]>>
}

/** The other has forgotten it: it is resolved again when it is used again. */
const UNRESOLVED = -1
/** References that the primary no longer knows cannot be told from those at rest, so that both are bounded. */
const SERIES_MAX = 2_000_000
const LAYOUTS_MAX = 100_000

class FanOutAppender implements Appender {
  readonly #primary: Appender
  readonly #others: readonly Appender[]
  readonly #names: Names
  readonly #onFailure: (error: unknown) => void
  /** References of the primary that are not known here any more: the caller is asked to resolve them again. */
  readonly #nameless = new Set<SeriesRef>()

  constructor(primary: Appender, others: readonly Appender[], names: Names, onFailure: (error: unknown) => void) {
    this.#primary = primary
    this.#others = others
    this.#names = names
    this.#onFailure = onFailure
  }

  series(labels: Labels): SeriesRef {
    const ref = this.#primary.series(labels)
    const { series } = this.#names
    if (series.has(ref)) return ref
    if (series.size >= SERIES_MAX) series.clear()
    series.set(ref, { content: labels, aliases: this.#others.map(() => UNRESOLVED) })
    return ref
  }

  layout(refs: readonly SeriesRef[]): LayoutRef {
    const layout = this.#primary.layout(refs)
    this.#keepLayout(layout, { content: [...refs], aliases: this.#others.map(() => UNRESOLVED) })
    return layout
  }

  retired(layout: LayoutRef): readonly SeriesRef[] | undefined {
    return this.#names.layouts.has(layout) ? this.#primary.retired(layout) : undefined
  }

  appendRow(layout: LayoutRef, at: Millis, values: Float64Array, present: Uint8Array): void {
    this.#primary.appendRow(layout, at, values, present)
    const name = this.#names.layouts.get(layout)
    if (name === undefined) {
      this.#onFailure(new RemoteError('closed', 'rows of a layout that had not been used for very long were not sent on'))
      return
    }
    this.#keepLayout(layout, name)
    for (let index = 0; index < this.#others.length; index++) {
      ;(this.#others[index] as Appender).appendRow(this.#layoutAlias(name, index), at, values, present)
    }
  }

  append(ref: SeriesRef, at: Millis, value: number, startAt?: Millis): void {
    this.#primary.append(ref, at, value, startAt)
    for (let index = 0; index < this.#others.length; index++) {
      const alias = this.#seriesAlias(ref, index)
      if (alias !== UNRESOLVED) (this.#others[index] as Appender).append(alias, at, value, startAt)
    }
  }

  appendStale(ref: SeriesRef, at: Millis): void {
    this.#primary.appendStale(ref, at)
    this.#each(ref, (other, alias) => other.appendStale(alias, at))
  }

  appendHistogram(ref: SeriesRef, at: Millis, histogram: Histogram, startAt?: Millis): void {
    this.#primary.appendHistogram(ref, at, histogram, startAt)
    this.#each(ref, (other, alias) => other.appendHistogram(alias, at, histogram, startAt))
  }

  appendExemplar(ref: SeriesRef, exemplar: Exemplar): void {
    this.#primary.appendExemplar(ref, exemplar)
    this.#each(ref, (other, alias) => other.appendExemplar(alias, exemplar))
  }

  setMetadata(metric: string, metadata: Metadata): void {
    for (const appender of [this.#primary, ...this.#others]) appender.setMetadata(metric, metadata)
  }

  async commit(options: CommitOptions = {}): Promise<Refusals> {
    if (options.whole && this.#nameless.size > 0) return { ...noRefusals, retired: [...this.#nameless] }
    const refusals = await this.#primary.commit(options)
    for (const ref of refusals.retired) this.#names.series.delete(ref)
    if (options.whole && refusals.retired.length > 0) return refusals
    for (const [index, other] of this.#others.entries()) {
      other.commit().then(({ retired }) => this.#forget(index, retired), this.#onFailure)
    }
    if (this.#nameless.size === 0) return refusals
    return { ...refusals, retired: [...new Set([...refusals.retired, ...this.#nameless])] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const appender of [this.#primary, ...this.#others]) await appender[Symbol.asyncDispose]()
  }

  #each(ref: SeriesRef, append: (other: Appender, alias: SeriesRef) => void): void {
    for (const [index, other] of this.#others.entries()) {
      const alias = this.#seriesAlias(ref, index)
      if (alias !== UNRESOLVED) append(other, alias)
    }
  }

  #seriesAlias(ref: SeriesRef, index: number): SeriesRef {
    const name = this.#names.series.get(ref)
    if (name === undefined) {
      this.#nameless.add(ref)
      return UNRESOLVED
    }
    let alias = name.aliases[index] as SeriesRef
    if (alias === UNRESOLVED) {
      alias = (this.#others[index] as Appender).series(name.content)
      name.aliases[index] = alias
    }
    return alias
  }

  #layoutAlias(name: Name<readonly SeriesRef[]>, index: number): LayoutRef {
    let alias = name.aliases[index] as LayoutRef
    if (alias === UNRESOLVED) {
      // An UNRESOLVED series stays one that the other does not know, and refuses.
      alias = (this.#others[index] as Appender).layout(name.content.map((ref) => this.#seriesAlias(ref, index)))
      name.aliases[index] = alias
    }
    return alias
  }

  #keepLayout(layout: LayoutRef, name: Name<readonly SeriesRef[]>): void {
    const { layouts } = this.#names
    layouts.delete(layout)
    layouts.set(layout, name)
    if (layouts.size <= LAYOUTS_MAX) return
    const [longestUnused] = layouts.keys()
    layouts.delete(longestUnused as LayoutRef)
  }

  #forget(index: number, retired: readonly SeriesRef[]): void {
    if (retired.length === 0) return
    const gone = new Set(retired)
    const lost = new Set<SeriesRef>()
    for (const [ref, { aliases }] of this.#names.series) {
      if (!gone.has(aliases[index] as SeriesRef)) continue
      aliases[index] = UNRESOLVED
      lost.add(ref)
    }
    for (const { content, aliases } of this.#names.layouts.values()) {
      if (content.some((ref) => lost.has(ref))) aliases[index] = UNRESOLVED
    }
  }
}
