import { type ExpositionParser, type MetadataEntry, UNKNOWN } from '@promlet/exposition'
import type { Appender, Metadata } from '@promlet/model'

/** What a target says of one metric family. */
export interface FamilyMetadata extends Metadata {
  readonly metric: string
}

interface Family {
  readonly id: number
  metadata: Metadata
  /** The good scrape that had it last. */
  lastSeen: number
}

/** A family is forgotten when so many good scrapes did not have it. Prometheus: scrapeCache.iterDone. */
const FORGET_AFTER = 10

const NOTHING_KNOWN: Metadata = { type: 'unknown', help: '', unit: '' }

function partOf(entry: MetadataEntry): Partial<Metadata> {
  switch (entry.kind) {
    case 'type':
      return { type: entry.type }
    case 'help':
      return { help: entry.help }
    case 'unit':
      return { unit: entry.unit }
  }
}

/** The metric families that a target exposes. */
export class TargetMetadata {
  readonly #families = new Map<string, Family>()
  readonly #byId: (Family | undefined)[] = []
  readonly #freeIds: number[] = []
  readonly #changed = new Set<string>()
  #scrape = 0

  /** Takes over the parser's metadata entry. */
  meet(parser: ExpositionParser): void {
    const known = parser.recalled === UNKNOWN ? undefined : this.#byId[parser.recalled]
    const family = known ?? this.#read(parser)
    family.lastSeen = this.#scrape
  }

  #read(parser: ExpositionParser): Family {
    const entry = parser.metadata()
    const family = this.#families.get(entry.metric) ?? this.#add(entry.metric)
    const metadata = { ...family.metadata, ...partOf(entry) }
    const { type, help, unit } = family.metadata
    if (metadata.type !== type || metadata.help !== help || metadata.unit !== unit) {
      family.metadata = metadata
      this.#changed.add(entry.metric)
    }
    parser.remember(family.id)
    return family
  }

  #add(metric: string): Family {
    const family: Family = { id: this.#freeIds.pop() ?? this.#byId.length, metadata: NOTHING_KNOWN, lastSeen: 0 }
    this.#byId[family.id] = family
    this.#families.set(metric, family)
    this.#changed.add(metric)
    return family
  }

  /** Writes what changed; the names, for `rewrite` should the batch not be acknowledged. */
  write(appender: Appender): readonly string[] {
    if (this.#changed.size === 0) return []
    const names = [...this.#changed]
    for (const name of names) appender.setMetadata(name, this.get(name)?.metadata ?? NOTHING_KNOWN)
    this.#changed.clear()
    return names
  }

  /** Has these written again with the next batch. */
  rewrite(names: readonly string[]): void {
    for (const name of names) if (this.#families.has(name)) this.#changed.add(name)
  }

  /** Ends a good scrape. */
  keep(): void {
    for (const [metric, family] of this.#families) {
      if (this.#scrape - family.lastSeen <= FORGET_AFTER) continue
      this.#families.delete(metric)
      this.#byId[family.id] = undefined
      this.#freeIds.push(family.id)
    }
    this.#scrape++
  }

  get(metric: string): { readonly metadata: Metadata } | undefined {
    return this.#families.get(metric)
  }

  list(): readonly FamilyMetadata[] {
    return [...this.#families].map(([metric, { metadata }]) => ({ metric, ...metadata }))
  }

  get size(): number {
    return this.#families.size
  }

  /** How many bytes types, helps and units have, as Prometheus counts them. */
  get bytes(): number {
    let bytes = 0
    for (const { metadata } of this.#families.values()) {
      bytes += Buffer.byteLength(metadata.help) + Buffer.byteLength(metadata.unit) + metadata.type.length
    }
    return bytes
  }
}
