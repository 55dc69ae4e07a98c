// What a store holds and what takes the room: for `promlet tsdb analyze`. Reads every chunk's size and times, no values.

import type { Millis } from '@promlet/model'
import type { Database } from '@promlet/sqlite'
import { ROW, type RowBatch, samplesIn } from './batch.ts'
import { ByteReader } from './bytes.ts'
import type { Reader } from './reader.ts'
import type { State } from './snapshot-state.ts'
import { type NamedCount, readStats, type StoreStats } from './stats.ts'

export interface MetricShare {
  readonly metric: string
  readonly series: number
  /** Samples, and the bytes of their chunks, or their shares of the bytes of batches. */
  readonly samples: number
  readonly bytes: number
}

export interface StoreAnalysis {
  readonly stats: StoreStats
  readonly samples: number
  /** Samples that are in batches still. */
  readonly recentSamples: number
  readonly blocks: number
  readonly fileBytes: number
  readonly freeBytes: number
  /** Bytes of tables and indexes, by name, largest first. */
  readonly tableBytes: readonly NamedCount[]
  /** By bytes, largest first. */
  readonly metrics: readonly MetricShare[]
  /**
   * Label pairs by churn, highest first: each series counts with the part of the store's time that it does not cover, so
   * that series that come and go count up to 1.
   */
  readonly churnByLabelPair: readonly NamedCount[]
  /** The same by label name: a name counts with all series that have it. */
  readonly churnByLabelName: readonly NamedCount[]
}

interface SeriesShare {
  samples: number
  bytes: number
  from: Millis
  to: Millis
}

/** `limit` is the length of the lists. */
export function analyze(database: Database, reader: Reader, limit: number): StoreAnalysis {
  return reader.snapshot((state) => {
    const stats = readStats(database, reader, limit)
    const shares = readShares(database, reader, state)
    addBatches(shares, database, reader, state)
    const pageBytes = database.pragma('page_size', { simple: true }) as number
    const recentSamples = reader.batches.of(state).reduce((sum, batch) => sum + samplesIn(batch), 0)
    let samples = 0
    for (const share of shares.values()) samples += share.samples
    return {
      stats,
      samples,
      recentSamples,
      blocks: reader.blocks.of(state).length,
      fileBytes: (database.pragma('page_count', { simple: true }) as number) * pageBytes,
      freeBytes: (database.pragma('freelist_count', { simple: true }) as number) * pageBytes,
      tableBytes: database
        .prepare<[], NamedCount>('SELECT name, sum(pgsize) AS value FROM dbstat GROUP BY name ORDER BY value DESC')
        .all()
        .slice(0, limit),
      metrics: byMetric(shares, reader).slice(0, limit),
      churnByLabelPair: churn(shares, reader, (name, value) => `${name}=${value}`).slice(0, limit),
      churnByLabelName: churn(shares, reader, (name) => name).slice(0, limit),
    }
  })
}

function readShares(database: Database, reader: Reader, state: State): Map<number, SeriesShare> {
  const heads = database.prepare<[number, number], { id: number; bytes: number; head: Buffer }>(
    'SELECT id, length(data) AS bytes, substr(data, 1, 8) AS head FROM chunk WHERE id >= ? AND id < ?',
  )
  const shares = new Map<number, SeriesShare>()
  for (const block of reader.blocks.of(state)) {
    const ids = reader.blocks.series(block)
    const columns = reader.blocks.times(block)
    for (const { id, bytes, head } of heads.all(block.firstChunk, block.firstChunk + block.series)) {
      const times = columns.column(new ByteReader(head).varint())
      add(shares, ids[id - block.firstChunk] as number, times.length, bytes, times[0] as number, times.at(-1) as number)
    }
  }
  return shares
}

/** Samples of batches, each with an equal part of its batch's bytes. */
function addBatches(shares: Map<number, SeriesShare>, database: Database, reader: Reader, state: State): void {
  const sizes = database.prepare<[number, number], [id: number, bytes: number]>(
    'SELECT id, length(data) FROM batch WHERE id > ? AND id <= ?',
  )
  const bytesOf = new Map(sizes.raw().all(state.batchFloor, state.batchMax))
  for (const batch of reader.batches.of(state)) {
    const bytes = (bytesOf.get(batch.id) ?? 0) / samplesIn(batch)
    if (batch.kind === ROW) addRow(shares, reader.layouts.refs(batch.layout, batch.values.length), batch, bytes)
    else
      for (const [index, ref] of batch.refs.entries())
        add(shares, ref, 1, bytes, batch.times[index] as number, batch.times[index] as number)
  }
}

function addRow(shares: Map<number, SeriesShare>, refs: Uint32Array, { at, values, present }: RowBatch, bytes: number): void {
  for (let slot = 0; slot < values.length; slot++) {
    if (present === undefined || present[slot] !== 0) add(shares, refs[slot] as number, 1, bytes, at, at)
  }
}

function add(shares: Map<number, SeriesShare>, series: number, samples: number, bytes: number, from: Millis, to: Millis): void {
  let share = shares.get(series)
  if (share === undefined) {
    share = { samples: 0, bytes: 0, from: Infinity, to: -Infinity }
    shares.set(series, share)
  }
  share.samples += samples
  share.bytes += bytes
  if (from < share.from) share.from = from
  if (to > share.to) share.to = to
}

function byMetric(shares: ReadonlyMap<number, SeriesShare>, reader: Reader): MetricShare[] {
  const metrics = new Map<string, { series: number; samples: number; bytes: number }>()
  for (const [series, { samples, bytes }] of shares) {
    const name = reader.labels.of(series).metricName
    const sum = metrics.get(name) ?? { series: 0, samples: 0, bytes: 0 }
    metrics.set(name, { series: sum.series + 1, samples: sum.samples + samples, bytes: sum.bytes + bytes })
  }
  return [...metrics].map(([metric, sum]) => ({ metric, ...sum })).sort((left, right) => right.bytes - left.bytes)
}

/** Prometheus: cmd/promtool/tsdb.go analyzeBlock, with the store in the place of the block. `keyOf` says what a label counts for. */
function churn(shares: ReadonlyMap<number, SeriesShare>, reader: Reader, keyOf: (name: string, value: string) => string): NamedCount[] {
  let from = Infinity
  let to = -Infinity
  for (const share of shares.values()) {
    from = Math.min(from, share.from)
    to = Math.max(to, share.to)
  }
  const sums = new Map<string, number>()
  for (const [series, share] of shares) {
    const uncovered = to === from ? 0 : 1 - (share.to - share.from) / (to - from)
    if (uncovered === 0) continue
    for (const [name, value] of reader.labels.of(series)) {
      const key = keyOf(name, value)
      sums.set(key, (sums.get(key) ?? 0) + uncovered)
    }
  }
  return [...sums].map(([name, value]) => ({ name, value })).sort((left, right) => right.value - left.value)
}
