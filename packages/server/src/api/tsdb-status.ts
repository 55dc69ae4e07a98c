import { formOf } from '@promlet/http'
import type { NamedCount, Store } from '@promlet/tsdb'
import { ApiError, type Handler } from './answer.ts'
import { parseWhole } from './params.ts'

/** What Go says of the times of a store without samples: its largest and smallest integer. */
const NO_MIN_TIME = '9223372036854775807'
const NO_MAX_TIME = '-9223372036854775808'
const LIMIT_DEFAULT = 10

/** `/api/v1/status/tsdb/blocks`: a block is told of by its number, in the form of a ULID; it knows no parts. */
export function tsdbBlocksHandler(store: Pick<Store, 'blockList'>): Handler {
  return () => {
    const blocks = store.blockList().map(({ id, from, to, samples, series, level }) => {
      const ulid = `${id}`.padStart(26, '0')
      return {
        ulid,
        minTime: from,
        // Prometheus: the end is not in it.
        maxTime: to + 1,
        stats: { numSamples: samples, numSeries: series, numChunks: series },
        compaction: { level: level + 1, sources: [ulid] },
        version: 1,
      }
    })
    return { data: JSON.stringify({ blocks }) }
  }
}

/** `/api/v1/status/tsdb`: what Prometheus tells of its head, Promlet tells of the whole store. */
export function tsdbStatusHandler(store: Pick<Store, 'stats'>): Handler {
  return (request) => {
    const text = formOf(request).get('limit') ?? ''
    const limit = text === '' ? LIMIT_DEFAULT : parseWhole(text)
    if (limit === undefined || limit < 1) throw new ApiError('bad_data', 'limit must be a positive number')
    const stats = store.stats({ limit })
    const times = `"minTime":${stats.minTime ?? NO_MIN_TIME},"maxTime":${stats.maxTime ?? NO_MAX_TIME}`
    const head = `"numSeries":${stats.series},"numLabelPairs":${stats.labelPairs},"chunkCount":${stats.chunks},${times}`
    const list = (name: string, counts: readonly NamedCount[]) => `,"${name}":${JSON.stringify(counts)}`
    return {
      data:
        `{"headStats":{${head}}` +
        list('seriesCountByMetricName', stats.seriesCountByMetricName) +
        list('labelValueCountByLabelName', stats.labelValueCountByLabelName) +
        list('memoryInBytesByLabelName', stats.memoryInBytesByLabelName) +
        list('seriesCountByLabelValuePair', stats.seriesCountByLabelValuePair) +
        '}',
    }
  }
}
