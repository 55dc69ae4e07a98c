// What expositions say of metric families. Scrapes repeat it each time, so it is held in memory and written on change.

import type { Metadata, MetricType } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'

interface MetadataRecord {
  readonly metric: string
  readonly type: MetricType
  readonly help: string
  readonly unit: string
}

export class MetadataTable {
  #known: Map<string, Metadata> | undefined
  readonly #readAll: Statement<[], MetadataRecord>
  readonly #readOne: Statement<[string], MetadataRecord>
  readonly #write: Statement<[string, string, string, string]>

  constructor(database: Database) {
    this.#readAll = database.prepare('SELECT metric, type, help, unit FROM metadata ORDER BY metric')
    this.#readOne = database.prepare('SELECT metric, type, help, unit FROM metadata WHERE metric = ?')
    this.#write = database.prepare(
      'INSERT INTO metadata (metric, type, help, unit) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET type = excluded.type, help = excluded.help, unit = excluded.unit',
    )
  }

  /** Those of the entries that the file does not have like this. */
  changes(entries: ReadonlyMap<string, Metadata>): [metric: string, metadata: Metadata][] {
    const known = this.#load()
    return [...entries].filter(([metric, { type, help, unit }]) => {
      const before = known.get(metric)
      return before === undefined || before.type !== type || before.help !== help || before.unit !== unit
    })
  }

  /** Inside the caller's transaction; `settle` after the commit. */
  write(changes: readonly (readonly [metric: string, metadata: Metadata])[]): void {
    for (const [metric, { type, help, unit }] of changes) this.#write.run(metric, type, help, unit)
  }

  settle(changes: readonly (readonly [metric: string, metadata: Metadata])[]): void {
    for (const [metric, metadata] of changes) this.#load().set(metric, metadata)
  }

  /** One family, or the first `limit` families in order of name. */
  read(metric?: string, limit = Infinity): ReadonlyMap<string, Metadata> {
    const records = metric === undefined ? this.#readAll.all() : this.#readOne.all(metric)
    return new Map(records.slice(0, Math.max(0, limit)).map(({ metric, ...metadata }) => [metric, metadata]))
  }

  #load(): Map<string, Metadata> {
    this.#known ??= new Map(this.read())
    return this.#known
  }
}
