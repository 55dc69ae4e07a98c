import { isStaleAt, Labels, Matcher, type Queryable, QueryError } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { mergedQueryable } from './merged-queryable.ts'

type Samples = Readonly<Record<string, readonly (readonly [at: number, value: number | 'stale'])[]>>

async function storeOf(samples: Samples): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const [name, own] of Object.entries(samples)) {
    const ref = appender.series(Labels.of({ __name__: name }))
    for (const [at, value] of own) {
      if (value === 'stale') appender.appendStale(ref, at)
      else appender.append(ref, at, value)
    }
  }
  await appender.commit()
  return store
}

const everything = { matchers: [new Matcher('__name__', '!=', '')], from: 0, to: 1000 }

async function read(queryable: Queryable): Promise<Record<string, unknown>> {
  const [found = []] = await queryable.select([everything])
  return Object.fromEntries(
    found.map(({ labels, times, values }) => [
      labels.metricName,
      Array.from(times, (at, index) => [at, isStaleAt(values, index) ? 'stale' : values[index]]),
    ]),
  )
}

describe('a store and others as one', () => {
  test('have the series of all, in label order', async () => {
    const merged = mergedQueryable(await storeOf({ b: [[1, 1]], d: [[1, 2]] }), () => [])
    expect(await read(merged)).toEqual({ b: [[1, 1]], d: [[1, 2]] })
    const others = [await storeOf({ a: [[1, 3]], c: [[1, 4]] }), await storeOf({ e: [[1, 5]], c: [[2, 6]] })]
    const more = mergedQueryable(await storeOf({ b: [[1, 1]], d: [[1, 2]] }), () => others)
    const found = await read(more)
    expect(Object.keys(found)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(found['c']).toEqual([
      [1, 4],
      [2, 6],
    ])
  })

  test('have the samples of all; of two at one time the one of the store', async () => {
    const own = await storeOf({
      up: [
        [2, 20],
        [4, 'stale'],
      ],
    })
    const other = await storeOf({
      up: [
        [1, 1],
        [2, 2],
        [3, 'stale'],
        [4, 4],
        [5, 5],
      ],
    })
    expect(await read(mergedQueryable(own, () => [other]))).toEqual({
      up: [
        [1, 1],
        [2, 20],
        [3, 'stale'],
        [4, 'stale'],
        [5, 5],
      ],
    })
  })

  test('have the series of all where only labels are asked for', async () => {
    const merged = mergedQueryable(await storeOf({ b: [[1, 1]], c: [[1, 1]] }), () => [other])
    const other = await storeOf({ a: [[1, 1]], b: [[1, 1]] })
    const found = await merged.series({ from: 0, to: 10 }, [everything.matchers])
    expect(found.map(({ metricName }) => metricName)).toEqual(['a', 'b', 'c'])
    // As in Prometheus, which cannot ask for them.
    expect(await merged.labelValues('__name__', { from: 0, to: 10 }, [])).toEqual(['b', 'c'])
  })

  test('answer without one that fails, and say so', async () => {
    const failing = { select: () => Promise.reject(new Error('no route to host')), series: () => Promise.reject(new Error('no route')) }
    const merged = mergedQueryable(await storeOf({ up: [[1, 1]] }), () => [failing])
    const warnings: string[] = []
    const warn = (text: string) => void warnings.push(text)
    expect((await merged.select([everything], { warn }))[0]).toHaveLength(1)
    expect(await merged.series({ from: 0, to: 10 }, [everything.matchers], { warn })).toHaveLength(1)
    expect(warnings).toEqual(['remote_read: no route to host', 'remote_read: no route'])
  })

  test('fail where more is found than may be read, and where the caller has gone', async () => {
    const other = await storeOf({ up: [[1, 1]] })
    const tooMany = { select: () => Promise.reject(new QueryError('execution', 'too many samples')), series: other.series.bind(other) }
    await expect(mergedQueryable(other, () => [tooMany]).select([everything])).rejects.toThrow('too many samples')
    const merged = mergedQueryable(other, () => [other])
    await expect(merged.select([everything], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
  })
})
