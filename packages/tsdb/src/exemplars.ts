// Exemplars in a table with a bound, the oldest going first, as Prometheus keeps them in a ring. Prometheus:
// tsdb/exemplar.go: one that repeats the newest of its series is ignored, one that is not newer is refused.

import { type Exemplar, Labels, type Matcher, type Millis, type SeriesRef, type TimeRange } from '@promlet/model'
import type { Database, Statement } from '@promlet/sqlite'
import { ByteWriter, openBlob } from './bytes.ts'
import { sameBits } from './sameness.ts'

/** Exemplars of one series, in order of time. */
export interface SeriesExemplars {
  readonly labels: Labels
  readonly exemplars: readonly Required<Exemplar>[]
}

export interface TimedExemplar {
  readonly ref: SeriesRef
  readonly exemplar: Required<Exemplar>
}

/** A union of selectors, as `MatcherSets`. */
export type ExemplarSelection = readonly (readonly Matcher[])[]

interface ExemplarRecord {
  readonly id: number
  readonly series: number
  readonly at_ms: Millis
  readonly data: Buffer
}

/** In one go. */
const TRIMMED_MAX = 500

export class ExemplarTable {
  readonly #newest: Statement<[number], ExemplarRecord>
  readonly #add: Statement<[number, Millis, Buffer]>
  readonly #trim: Statement<[number]>
  readonly #trimSome: Statement<[number, number]>
  readonly #count: Statement<[], number>
  readonly #oldest: Statement<[], Millis>
  readonly #series: Statement<[], SeriesRef>
  readonly #read: Statement<[number, Millis, Millis], ExemplarRecord>
  readonly #forget: Statement<[number]>

  constructor(database: Database) {
    const columns = 'SELECT id, series, at_ms, data FROM exemplar WHERE series = ?'
    this.#newest = database.prepare(`${columns} ORDER BY at_ms DESC, id DESC LIMIT 1`)
    this.#add = database.prepare('INSERT INTO exemplar (series, at_ms, data) VALUES (?, ?, ?)')
    this.#trim = database.prepare('DELETE FROM exemplar WHERE id <= (SELECT max(id) FROM exemplar) - ?')
    this.#trimSome = database.prepare(
      'DELETE FROM exemplar WHERE id IN (SELECT id FROM exemplar WHERE id <= (SELECT max(id) FROM exemplar) - ? ORDER BY id LIMIT ?)',
    )
    this.#count = database.prepare<[], number>('SELECT count(*) FROM exemplar').pluck()
    this.#oldest = database.prepare<[], Millis>('SELECT at_ms FROM exemplar ORDER BY id LIMIT 1').pluck()
    this.#series = database.prepare<[], SeriesRef>('SELECT DISTINCT series FROM exemplar ORDER BY series').pluck()
    this.#read = database.prepare(`${columns} AND at_ms BETWEEN ? AND ? ORDER BY at_ms`)
    this.#forget = database.prepare('DELETE FROM exemplar WHERE series = ?')
  }

  /** Inside the caller's transaction. Gives how many came in and how many were out of order. */
  write(exemplars: readonly TimedExemplar[], countMax: number): { readonly added: number; readonly outOfOrder: number } {
    let added = 0
    let outOfOrder = 0
    if (countMax <= 0) return { added, outOfOrder }
    for (const { ref, exemplar } of exemplars) {
      const newest = this.#newest.get(ref)
      if (newest !== undefined && isSame(decode(newest), exemplar)) continue
      if (newest !== undefined && newest.at_ms >= exemplar.at) {
        outOfOrder++
        continue
      }
      this.#add.run(ref, exemplar.at, encode(exemplar))
      added++
    }
    if (added > 0) this.#trim.run(countMax)
    return { added, outOfOrder }
  }

  /** The series that have any, increasing. */
  series(): Uint32Array {
    return Uint32Array.from(this.#series.all())
  }

  read(ref: SeriesRef, range: TimeRange): Required<Exemplar>[] {
    return this.#read.all(ref, range.from, range.to).map(decode)
  }

  /** Removes some of those beyond the limit; false when there are none. */
  trimSome(countMax: number): boolean {
    return this.#trimSome.run(Math.max(0, countMax), TRIMMED_MAX).changes > 0
  }

  count(): number {
    return this.#count.get() ?? 0
  }

  /** The time of the one that goes next; undefined when there is none. */
  oldest(): Millis | undefined {
    return this.#oldest.get()
  }

  /** Removes those of a series that leaves, inside the caller's transaction. */
  remove(ref: SeriesRef): void {
    this.#forget.run(ref)
  }
}

function encode({ labels, value }: Exemplar): Buffer {
  const writer = new ByteWriter()
  writer.double(value)
  writer.varint(labels.size)
  for (const [name, text] of labels) {
    writer.text(name)
    writer.text(text)
  }
  return writer.blob()
}

function decode({ id, at_ms, data }: ExemplarRecord): Required<Exemplar> {
  const reader = openBlob(data, 'exemplar', id)
  const value = reader.double()
  const pairs = Array.from({ length: reader.varint() }, () => [reader.text(), reader.text()] as const)
  return { labels: Labels.fromPairs(pairs), value, at: at_ms }
}

function isSame(left: Required<Exemplar>, right: Required<Exemplar>): boolean {
  return (
    left.at === right.at && left.labels.equals(right.labels) && sameBits(Float64Array.of(left.value), 0, Float64Array.of(right.value), 0)
  )
}
