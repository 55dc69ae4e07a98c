// What the index amounts to, as Prometheus's /api/v1/status/tsdb tells it. Prometheus: tsdb/index/postings.go Stats.

import type { Millis } from '@promlet/model'
import type { Database } from '@promlet/sqlite'
import type { Reader } from './reader.ts'

export interface NamedCount {
  readonly name: string
  readonly value: number
}

export interface StoreStats {
  readonly series: number
  readonly labelPairs: number
  readonly chunks: number
  /** Undefined in an empty store. */
  readonly minTime: Millis | undefined
  readonly maxTime: Millis | undefined
  /** The largest of each, largest first. */
  readonly seriesCountByMetricName: readonly NamedCount[]
  readonly labelValueCountByLabelName: readonly NamedCount[]
  /** Bytes of a label's values, each counted once per series that has it. */
  readonly memoryInBytesByLabelName: readonly NamedCount[]
  /** Names are like `job=node`. */
  readonly seriesCountByLabelValuePair: readonly NamedCount[]
}

const PER_PAIR = `
  WITH per_pair AS MATERIALIZED (
    SELECT label_name.name AS label, label_pair.value AS text, sum(posting.length) AS series
    FROM posting
    JOIN label_pair ON label_pair.id = posting.pair
    JOIN label_name ON label_name.id = label_pair.name
    GROUP BY posting.pair
  )`

const TOP = 'ORDER BY value DESC, name LIMIT ?'

/** `limit` is the length of the lists. */
export function readStats(database: Database, reader: Reader, limit: number): StoreStats {
  const list = (sql: string) => database.prepare<[number], NamedCount>(`${PER_PAIR} ${sql} ${TOP}`).all(limit)
  return reader.snapshot((state) => {
    const recent = reader.batches.load(state)
    const blocks = reader.blocks.of(state)
    const minTime = blocks.reduce((oldest, { from }) => Math.min(oldest, from), recent.from)
    const maxTime = blocks.reduce((newest, { to }) => Math.max(newest, to), recent.to)
    return {
      series: reader.seriesCount(state),
      labelPairs: database.prepare<[], number>('SELECT count(*) FROM label_pair').pluck().get() as number,
      chunks: blocks.reduce((sum, { series }) => sum + series, 0),
      minTime: Number.isFinite(minTime) ? minTime : undefined,
      maxTime: Number.isFinite(maxTime) ? maxTime : undefined,
      seriesCountByMetricName: list("SELECT text AS name, series AS value FROM per_pair WHERE label = '__name__'"),
      labelValueCountByLabelName: list('SELECT label AS name, count(*) AS value FROM per_pair GROUP BY label'),
      memoryInBytesByLabelName: list('SELECT label AS name, sum(octet_length(text) * series) AS value FROM per_pair GROUP BY label'),
      seriesCountByLabelValuePair: list("SELECT label || '=' || text AS name, series AS value FROM per_pair"),
    }
  })
}
