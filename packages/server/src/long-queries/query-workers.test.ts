import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher, systemClock } from '@promlet/model'
import { createEngine, type LongQuery, type WrittenAnswer } from '@promlet/promql'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '@promlet/tsdb'
import { expect, test } from 'vitest'
import { type Lookup, look } from '../api/lookups.ts'
import { readFeatureFlags } from '../feature-flags.ts'
import { defaultSettings, type QuerySettings } from '../settings.ts'
import { createQueryWorkers, type QueryWorkers } from './query-workers.ts'

const MINUTE = 60_000
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE
const START = NOW - 60 * MINUTE

interface Lab extends AsyncDisposable {
  readonly folder: string
  readonly store: Store
  readonly workers: QueryWorkers
}

/** A store on disk with 50 series, and threads that read it. */
async function lab(query: QuerySettings = defaultSettings.query): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-workers-'))
  const options = { path: folder, clock: systemClock, logger: silentLogger, registry: createRegistry() }
  const store = await openStore(options)
  for (let at = START; at <= NOW - MINUTE; at += MINUTE) await write(store, at, 50)
  const workers = createQueryWorkers({ ...options, store, query, subqueryStepMs: () => MINUTE })
  return {
    folder,
    store,
    workers,
    async [Symbol.asyncDispose]() {
      await workers.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function write(store: Store, at: number, series: number): Promise<void> {
  await using appender = store.appender()
  for (let index = 0; index < series; index++) {
    const instance = `host-${index}`
    appender.append(appender.series(Labels.of({ __name__: 'queue_depth', instance })), at, index + (at - START) / MINUTE)
  }
  await appender.commit()
}

const range = (query: string, options: Partial<LongQuery['options']> = {}): LongQuery => ({
  query,
  start: START,
  end: NOW,
  step: MINUTE,
  options: { timeoutMs: 60_000, ...options },
})
/** Takes minutes, and is asked between its series, many times a second, whether it is to end. */
const endless = (options: Partial<LongQuery['options']> = {}): LongQuery => {
  const parts = Array.from({ length: 20 }, (_, index) => `sum(quantile_over_time(0.${50 + index}, (queue_depth + 0)[2h:1s]))`)
  return { ...range(parts.join(' + '), options), step: 100 }
}
const text = ({ json }: WrittenAnswer) =>
  typeof json === 'string' ? json : Buffer.concat(Array.from(json, (piece) => piece.slice())).toString()

test('a thread answers as this thread does, in writing and with values', async () => {
  await using own = await lab()
  const here = createEngine({ queryable: own.store, clock: systemClock })
  for (const query of ['queue_depth', 'sum by (instance) (rate(queue_depth[5m]))', 'histogram_quantile(2, queue_depth)']) {
    const expected = await here.write(range(query), 0)
    const written = await own.workers.write(range(query), 0)
    expect(text(written)).toBe(text(expected))
    expect(written).toMatchObject({ isCut: false, warnings: expected.warnings, infos: expected.infos })
    const { value } = await own.workers.answer(range(query))
    expect(value).toEqual((await here.range(query, START, NOW, MINUTE)).value)
  }
  expect(await own.workers.write(range('queue_depth'), 3)).toMatchObject({ isCut: true })
  const instant = { ...range('topk(2, queue_depth)'), start: NOW, step: 0 }
  expect((await own.workers.answer(instant)).value).toEqual((await here.instant(instant.query, NOW)).value)
  expect(own.workers.size).toBe(1)
})

test('a thread sees what was committed before, also after batches became blocks, and leaves one file behind', async () => {
  const own = await lab()
  const last = { ...range('count(queue_depth)'), start: NOW, step: 0 }
  const count = async () => (await own.workers.answer(last)).value
  expect(await count()).toMatchObject({ samples: [{ value: 50 }] })
  for (let series = 51; series < 60; series++) {
    await write(own.store, NOW + series, series)
    if (series % 3 === 0) await own.store.compactNow()
    expect((await own.workers.answer({ ...last, start: NOW + series })).value).toMatchObject({ samples: [{ value: series }] })
  }
  await own.workers.close()
  await own.store.close()
  expect(readdirSync(own.folder).filter((name) => name.endsWith('-wal'))).toEqual([])
  rmSync(own.folder, { recursive: true })
})

test('a thread explains as this thread does', async () => {
  await using own = await lab()
  const here = createEngine({ queryable: own.store, clock: systemClock })
  const query = 'sum(rate(queue_depth[5m])) / sum(queue_dept)'
  const { timings: _, ...explained } = await own.workers.explain(range(query))
  const withoutTimes = (part: object): unknown => JSON.parse(JSON.stringify(part, (name, value) => (/ms$/i.test(name) ? 0 : value)))
  const { timings: __, ...expected } = await here.explain(query, { start: START, end: NOW, step: MINUTE })
  expect(withoutTimes(explained)).toEqual(withoutTimes(expected))
})

test('a thread knows which parts of the language were turned off', async () => {
  const features = readFeatureFlags(new Set(['no-promql-experimental-functions', 'no-promql-delayed-name-removal'])).engine
  await using own = await lab({ ...defaultSettings.query, features })
  await expect(own.workers.write(range('mad_over_time(queue_depth[5m])'), 0)).rejects.toMatchObject({
    code: 'bad_data',
    message: '1:1: parse error: function "mad_over_time" is not enabled',
  })
  const named = 'count(label_replace(rate(queue_depth[5m]), "was", "$1", "__name__", "(.+)")) by (was)'
  expect(text(await own.workers.write({ ...range(named), start: NOW, step: 0 }, 0))).toContain('"metric":{}')
})

test('errors keep their code and words', async () => {
  await using own = await lab()
  const doubled = 'queue_depth * on () queue_depth'
  await expect(own.workers.write(range(doubled), 0)).rejects.toMatchObject({
    name: 'QueryError',
    code: 'execution',
    message: expect.stringContaining('found duplicate series for the match group'),
  })
  await expect(own.workers.write(range('sum(', {}), 0)).rejects.toMatchObject({ code: 'bad_data', position: { start: 4 } })
})

test('a query that is canceled or out of time ends, and its thread takes the next one', async () => {
  await using own = await lab()
  const gone = new AbortController()
  const both = [own.workers.write(endless({ signal: gone.signal }), 0), own.workers.write(endless({ timeoutMs: 300 }), 0)]
  const queued = own.workers.write(range('sum(queue_depth)'), 0)
  expect(own.workers.size).toBe(2)
  await expect(both[1]).rejects.toMatchObject({ code: 'timeout', message: 'query timed out in expression evaluation' })
  expect(text(await queued)).toContain('"matrix"')
  gone.abort()
  await expect(both[0]).rejects.toMatchObject({ code: 'canceled', message: 'query was canceled in expression evaluation' })
  const third = new AbortController()
  third.abort()
  await expect(own.workers.answer(range('queue_depth', { signal: third.signal }))).rejects.toMatchObject({ code: 'canceled' })
})

test('a query that waits for a thread can be canceled and run out of time', async () => {
  await using own = await lab()
  const [running, waiting] = [new AbortController(), new AbortController()]
  const long = [own.workers.write(endless({ signal: running.signal }), 0), own.workers.write(endless({ signal: running.signal }), 0)]
  const canceled = own.workers.answer(range('queue_depth', { signal: waiting.signal }))
  const late = own.workers.answer(range('queue_depth', { timeoutMs: 50 }))
  waiting.abort()
  await expect(canceled).rejects.toMatchObject({ code: 'canceled' })
  await expect(late).rejects.toMatchObject({ code: 'timeout' })
  running.abort()
  for (const one of long) await expect(one).rejects.toMatchObject({ code: 'canceled' })
})

test('closing breaks off what runs and what waits', async () => {
  const own = await lab()
  const all = Array.from({ length: 4 }, () => own.workers.write(endless(), 0).catch((error) => error))
  await own[Symbol.asyncDispose]()
  for (const error of await Promise.all(all)) expect(error).toMatchObject({ code: 'canceled' })
  await expect(own.workers.write(range('queue_depth'), 0)).rejects.toMatchObject({ code: 'canceled' })
})

test('what is long is told by series, samples and evaluations', async () => {
  await using own = await lab()
  const matchers = [new Matcher('__name__', '=', 'queue_depth')]
  expect(own.workers.isLong([{ matchers, from: START, to: NOW }], 1_000)).toBe(false)
  expect(
    own.workers.isLong(
      Array.from({ length: 200 }, () => ({ matchers, from: START, to: NOW })),
      1_000,
    ),
  ).toBe(true)
  expect(own.workers.isLong([], 1_000)).toBe(false)
  expect(own.workers.isLong([], 1_000_000)).toBe(true)
})

test('a thread looks up what this thread would look up', async () => {
  await using own = await lab()
  const range = { from: START, to: NOW }
  const matcherSets = [[new Matcher('instance', '=~', 'host-1.*')], [new Matcher('instance', '=', 'host-2')]]
  const lookups: readonly Lookup[] = [
    { kind: 'series', range, matcherSets, limit: 0 },
    { kind: 'series', range, matcherSets, limit: 3 },
    { kind: 'label-names', range, matcherSets: [], limit: 0 },
    { kind: 'label-values', name: 'instance', range, matcherSets, limit: 0 },
    { kind: 'federate', range, matcherSets, externalLabels: [['cluster', 'lab']], escaping: 'underscores' },
  ]
  const { signal } = new AbortController()
  for (const lookup of lookups) {
    const { text, warnings } = await own.workers.look(lookup, signal)
    const expected = await look(lookup, own.store, { signal })
    expect({ text: Buffer.from(text).toString(), warnings }).toEqual(expected)
    expect(expected.text).toContain(lookup.kind === 'label-names' ? 'instance' : 'host-1')
  }
  expect(own.workers.isLongLookup(lookups[0] as Lookup)).toBe(false)
  await expect(own.workers.look(lookups[0] as Lookup, AbortSignal.abort())).rejects.toMatchObject({ code: 'canceled' })
})

test('a lookup of many series is a long one, unless the index alone tells of all', async () => {
  await using own = await lab()
  const store = { estimate: () => ({ series: 5_000, samples: 0 }) }
  const options = { path: own.folder, store, clock: systemClock, logger: silentLogger, query: defaultSettings.query }
  const workers = createQueryWorkers({ ...options, subqueryStepMs: () => MINUTE })
  const lookup: Lookup = { kind: 'series', range: { from: START, to: NOW }, matcherSets: [[new Matcher('job', '!=', '')]], limit: 0 }
  expect(workers.isLongLookup(lookup)).toBe(true)
  expect(workers.isLongLookup({ ...lookup, kind: 'label-names', matcherSets: [] })).toBe(false)
  await workers.close()
})
