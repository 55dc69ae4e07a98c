// What every implementation of `Queryable` must do, over what was written to it; run as `appendableContract` is.

import assert from 'node:assert/strict'
import { Labels } from '../labels.ts'
import { Matcher, type MatchOperator } from '../matcher.ts'
import { QueryError, type TimeRange } from '../ports.ts'
import type { Millis } from '../units.ts'
import {
  type ContractCase,
  type ContractStore,
  contractCase,
  everything,
  HOUR,
  MINUTE,
  readAll,
  SECOND,
  up,
  write,
} from './contract-case.ts'

async function fill(store: ContractStore): Promise<Millis> {
  const start = store.now - HOUR
  const series = (path: string, extra: Record<string, string> = {}) =>
    Labels.of({ __name__: 'http_requests_total', job: 'api', path, ...extra })
  const samples: [Labels, Millis, number][] = []
  for (let index = 0; index < 4; index++) {
    const at = start + index * 15 * SECOND
    samples.push([up('a'), at, 1], [up('b'), at, 0], [series('/'), at, index], [series('/cart', { code: '500' }), at, index])
  }
  await write(store, samples)
  return start
}

/** Reading. */
export const queryableContract: readonly ContractCase[] = [
  contractCase('matchers choose series as Prometheus chooses them', async (store) => {
    await fill(store)
    const is = async (matchers: readonly (readonly [string, MatchOperator, string])[], expected: readonly string[]) => {
      const found = await readAll(
        store,
        matchers.map(([name, operator, value]) => new Matcher(name, operator, value)),
      )
      const names = found.map(({ labels }) => labels.get('path') || labels.get('instance'))
      assert.deepEqual(names, expected, JSON.stringify(matchers))
    }
    await is([['__name__', '=', 'up']], ['a', 'b'])
    await is([['__name__', '=', 'down']], [])
    await is([['__name__', '=~', 'up|http_requests_total']], ['/cart', '/', 'a', 'b'])
    await is([['__name__', '=~', 'http.*']], ['/cart', '/'])
    await is([['__name__', '=~', 'http']], [])
    await is(
      [
        ['job', '=', 'api'],
        ['path', '!=', '/'],
      ],
      ['/cart'],
    )
    await is(
      [
        ['job', '=~', '.+'],
        ['path', '=', ''],
      ],
      ['a', 'b'],
    )
    await is(
      [
        ['job', '=~', '.+'],
        ['path', '!=', ''],
      ],
      ['/cart', '/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '=', ''],
      ],
      ['/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '=~', '5..|'],
      ],
      ['/cart', '/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '!~', '5..'],
      ],
      ['/'],
    )
    await is(
      [
        ['__name__', '=', 'up'],
        ['instance', '!~', 'a|c'],
      ],
      ['b'],
    )
    await is([['no_such_label', '=', 'x']], [])
    await is(
      [
        ['job', '=', 'node'],
        ['no_such_label', '=', ''],
      ],
      ['a', 'b'],
    )
    await is(
      [
        ['job', '=', 'node'],
        ['job', '!=', 'node'],
      ],
      [],
    )
  }),
  contractCase('a range holds both its ends', async (store) => {
    const start = await fill(store)
    const matchers = [new Matcher('instance', '=', 'a')]
    const is = async (from: Millis, to: Millis, expected: readonly number[]) => {
      const [found = []] = await store.queryable.select([{ matchers, from, to }])
      assert.deepEqual(
        found.flatMap(({ times }) => Array.from(times, (at) => (at - start) / SECOND)),
        expected,
      )
    }
    await is(start, start + 45 * SECOND, [0, 15, 30, 45])
    await is(start + 15 * SECOND, start + 30 * SECOND, [15, 30])
    await is(start + 15 * SECOND + 1, start + 30 * SECOND - 1, [])
    await is(start + 45 * SECOND, start + HOUR, [45])
    await is(start - HOUR, start - 1, [])
  }),
  contractCase('series come in label order, without those that have no sample in the range', async (store) => {
    const start = await fill(store)
    await write(store, [[Labels.of({ __name__: 'aaa' }), start + 10 * MINUTE, 1]])
    const found = await readAll(store)
    assert.deepEqual(
      found.map(({ labels }) => labels.toString()),
      found
        .map(({ labels }) => labels)
        .sort(Labels.compare)
        .map((labels) => labels.toString()),
    )
    assert.equal(found.length, 5)
    const [early = []] = await store.queryable.select([{ matchers: everything, from: start, to: start + MINUTE }])
    assert.equal(early.length, 4)
  }),
  contractCase('several selections are answered in their order', async (store) => {
    const start = await fill(store)
    const found = await store.queryable.select([
      { matchers: [new Matcher('__name__', '=', 'up')], from: start, to: start },
      { matchers: [new Matcher('__name__', '=', 'nothing')], from: start, to: start },
      { matchers: [new Matcher('path', '=', '/')], from: start, to: start + MINUTE },
    ])
    assert.deepEqual(
      found.map((series) => series.map(({ values }) => [...values])),
      [[[1], [0]], [], [[0, 1, 2, 3]]],
    )
    assert.deepEqual(await store.queryable.select([]), [])
  }),
  contractCase('more samples than allowed are an error', async (store) => {
    const start = await fill(store)
    const selections = [{ matchers: everything, from: start, to: start + HOUR }]
    await store.queryable.select(selections, { samplesMax: 16 })
    await assert.rejects(store.queryable.select(selections, { samplesMax: 15 }), (error) => error instanceof QueryError)
  }),
  contractCase('an aborted signal ends a read', async (store) => {
    const start = await fill(store)
    const signal = AbortSignal.abort(new Error('the client went away'))
    const range = { from: start, to: start + HOUR }
    await assert.rejects(store.queryable.select([{ matchers: everything, ...range }], { signal }))
    await assert.rejects(store.queryable.series(range, [], { signal }))
    await assert.rejects(store.queryable.labelNames(range, [], { signal }))
    await assert.rejects(store.queryable.labelValues('job', range, [], { signal }))
  }),
  contractCase('label names, label values and series come sorted, of all series or of those that match', async (store) => {
    const start = await fill(store)
    const { queryable } = store
    const range: TimeRange = { from: start, to: start + HOUR }
    const requests = [new Matcher('__name__', '=', 'http_requests_total')]
    const cart = [new Matcher('path', '=', '/cart')]
    const upA = [new Matcher('instance', '=', 'a')]
    assert.deepEqual(await queryable.labelNames(range, []), ['__name__', 'code', 'instance', 'job', 'path'])
    assert.deepEqual(await queryable.labelNames(range, [requests]), ['__name__', 'code', 'job', 'path'])
    assert.deepEqual(await queryable.labelValues('job', range, []), ['api', 'node'])
    assert.deepEqual(await queryable.labelValues('path', range, [requests]), ['/', '/cart'])
    assert.deepEqual(await queryable.labelValues('job', range, [cart, upA]), ['api', 'node'])
    assert.deepEqual(await queryable.labelValues('nothing', range, []), [])
    const found = await queryable.series(range, [cart, requests, upA])
    assert.deepEqual(
      found.map((labels) => labels.get('path') || labels.get('instance')),
      ['/cart', '/', 'a'],
    )
    assert.equal((await queryable.series(range, [])).length, 4)
  }),
  contractCase('nothing is found in a time before the first sample', async (store) => {
    const start = await fill(store)
    const { queryable } = store
    const range: TimeRange = { from: start - 20 * HOUR, to: start - 10 * HOUR }
    assert.deepEqual(await queryable.labelNames(range, []), [])
    assert.deepEqual(await queryable.labelValues('job', range, []), [])
    assert.deepEqual(await queryable.series(range, [[new Matcher('job', '=', 'api')]]), [])
  }),
]
