// A store and others as one. What only the store has passes through as it is; of two samples of one series at one time
// the store's holds. Prometheus: storage/fanout.go and merge.go.

import {
  type Histogram,
  isStaleAt,
  Labels,
  type Queryable,
  QueryError,
  type Selection,
  type SelectOptions,
  type SeriesColumns,
  setStale,
} from '@promlet/model'

/** What is asked besides the store; label names and values are the store's alone. */
export type Secondary = Pick<Queryable, 'select' | 'series'>

/** One of the others that fails leaves its samples out, which the caller is told by `warn`. */
export function mergedQueryable(primary: Queryable, others: () => readonly Secondary[]): Queryable {
  return {
    async select(selections, options = {}) {
      const asked = others().map((other) => orNothing(other.select(selections, options), options))
      const [own, ...further] = await Promise.all([primary.select(selections, options), ...asked])
      return further.reduce<readonly (readonly SeriesColumns[])[]>((merged, results) => mergeResults(merged, results, selections), own)
    },
    async series(range, matcherSets, options = {}) {
      const asked = others().map((other) => orNothing(other.series(range, matcherSets, options), options))
      const [own, ...further] = await Promise.all([primary.series(range, matcherSets, options), ...asked])
      if (further.every((found) => found.length === 0)) return own
      const byKey = new Map([...own, ...further.flat()].map((labels) => [labels.key, labels]))
      return [...byKey.values()].sort(Labels.compare)
    },
    labelNames: (range, matcherSets, options) => primary.labelNames(range, matcherSets, options),
    labelValues: (name, range, matcherSets, options) => primary.labelValues(name, range, matcherSets, options),
  }
}

async function orNothing<T>(asked: Promise<readonly T[]>, { signal, warn }: SelectOptions): Promise<readonly T[]> {
  try {
    return await asked
  } catch (error) {
    if (signal?.aborted || error instanceof QueryError) throw error
    warn?.(`remote_read: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}

type Results = readonly (readonly SeriesColumns[])[]

function mergeResults(left: Results, right: Results, selections: readonly Selection[]): Results {
  return selections.map((_, index) => mergeSeries(left[index] ?? [], right[index] ?? []))
}

/** Both are in label order. */
function mergeSeries(left: readonly SeriesColumns[], right: readonly SeriesColumns[]): readonly SeriesColumns[] {
  if (right.length === 0) return left
  if (left.length === 0) return right
  const merged: SeriesColumns[] = []
  let [here, there] = [0, 0]
  while (here < left.length && there < right.length) {
    const [own, other] = [left[here] as SeriesColumns, right[there] as SeriesColumns]
    const order = Labels.compare(own.labels, other.labels)
    merged.push(order === 0 ? mergeColumns(own, other) : order < 0 ? own : other)
    if (order <= 0) here++
    if (order >= 0) there++
  }
  return [...merged, ...left.slice(here), ...right.slice(there)]
}

function mergeColumns(first: SeriesColumns, second: SeriesColumns): SeriesColumns {
  const times = Float64Array.from(new Set([...first.times, ...second.times])).sort()
  const values = new Float64Array(times.length)
  const startTimes = new Float64Array(times.length)
  const histograms = new Array<Histogram | undefined>(times.length)
  // The later one wins, so the first comes last.
  for (const source of [second, first]) {
    let slot = 0
    for (let index = 0; index < source.times.length; index++) {
      while (times[slot] !== source.times[index]) slot++
      if (isStaleAt(source.values, index)) setStale(values, slot)
      else values[slot] = source.values[index] as number
      histograms[slot] = source.histograms?.[index]
      startTimes[slot] = source.startTimes?.[index] ?? 0
    }
  }
  return {
    labels: first.labels,
    times,
    values,
    ...((first.histograms ?? second.histograms) !== undefined && { histograms }),
    ...((first.startTimes ?? second.startTimes) !== undefined && { startTimes }),
  }
}
