// Random work on a store and on the simplest store there can be: whatever is written, refused, compacted, reopened or
// deleted, both must answer alike. A failure names its seed. Others than the usual ones, as many as before:
//   PROMLET_SEED=1000 npm test -- packages/tsdb/src/model.test.ts

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Histogram, isStaleAt, Labels, Matcher, type Refusals, type SeriesColumns } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { random } from '../test/random.ts'
import { openStore, type Store } from './index.ts'

const FIRST_SEED = Number(process.env['PROMLET_SEED'] ?? 1)
const SEEDS = Array.from({ length: 24 }, (_, index) => FIRST_SEED + index)
const FILE_SEEDS = SEEDS.slice(0, 8)
const START = Date.UTC(2026, 0, 1)
const STEP = 15_000

const series = (index: number) =>
  Labels.of({ __name__: index % 3 === 0 ? 'up' : 'http_requests_total', instance: `host-${index}`, job: index % 2 === 0 ? 'api' : 'web' })

interface Sample {
  readonly series: number
  readonly at: number
  readonly value: number | 'stale' | Histogram
  /** 0 when it is not known. */
  readonly startAt: number
}

/** One batch as data, so that it can be given to two stores. */
interface Batch {
  readonly rows: readonly { readonly series: readonly number[]; readonly at: number; readonly values: readonly (number | undefined)[] }[]
  readonly samples: readonly Sample[]
}

async function commit(store: Pick<Store, 'appender'>, batch: Batch): Promise<Refusals> {
  await using appender = store.appender()
  for (const row of batch.rows) {
    const layout = appender.layout(row.series.map((index) => appender.series(series(index))))
    const present = Uint8Array.from(row.values, (value) => (value === undefined ? 0 : 1))
    appender.appendRow(
      layout,
      row.at,
      Float64Array.from(row.values, (value) => value ?? 0),
      present,
    )
  }
  for (const { series: index, at, value, startAt } of batch.samples) {
    const ref = appender.series(series(index))
    if (typeof value === 'number') appender.append(ref, at, value, startAt)
    else if (value === 'stale') appender.appendStale(ref, at)
    else appender.appendHistogram(ref, at, value, startAt)
  }
  return appender.commit()
}

/** Everything that a store answers, as text. */
async function answer(store: Pick<Store, 'select'>, matchers: readonly Matcher[], from: number, to: number): Promise<string[]> {
  const [found = []] = await store.select([{ matchers, from, to }])
  return found.map(describeColumns)
}

function describeColumns({ labels, times, values, histograms, startTimes }: SeriesColumns): string {
  const samples = Array.from(times, (at, index) => {
    const value = histograms?.[index] ?? (isStaleAt(values, index) ? 'stale' : (values[index] as number))
    return `${(at - START) / 1000}:${describeValue(value)}${since(startTimes?.[index] ?? 0)}`
  })
  return `${labels} ${samples.join(' ')}`
}

/** All that there is to a value; of a stale histogram that it is stale. */
function describeValue(value: Sample['value']): string {
  if (typeof value !== 'object') return Object.is(value, -0) ? '-0' : `${value}`
  if (value.stale) return 'stale histogram'
  const lists = { positive: [...value.positiveBuckets], negative: [...value.negativeBuckets], bounds: [...(value.customValues ?? [])] }
  const { positiveBuckets: _, negativeBuckets: __, customValues: ___, ...rest } = value
  return JSON.stringify({ ...rest, ...lists }, Object.keys({ ...rest, ...lists, offset: 0, length: 0 }).sort())
}

const since = (startAt: number) => (startAt === 0 ? '' : `@${startAt - START}`)

/** Integers or floats, exponential or custom buckets, on both sides or one, a gauge, stale: by the kind. */
function histogram(count: number, kind: number): Histogram {
  const isCustom = kind === 1
  const isNegative = kind === 2
  return {
    schema: isCustom ? -53 : 1 + (kind % 2),
    zeroThreshold: isCustom ? 0 : 0.001,
    zeroCount: isCustom ? 0 : count % 3,
    count,
    sum: count / 7,
    positiveSpans: [
      { offset: isCustom ? 0 : (count % 2) - 1, length: 2 },
      { offset: count % 4, length: 1 },
    ],
    positiveBuckets: Float64Array.of(count, 1, kind === 3 ? 0.5 : 2),
    negativeSpans: isNegative ? [{ offset: -2, length: 2 }] : [],
    negativeBuckets: isNegative ? Float64Array.of(3, count) : new Float64Array(0),
    ...(isCustom && { customValues: Float64Array.of(0.1, 0.5, 1, 5, 10, 50) }),
    counterResetHint: kind === 4 ? 'gauge' : 'unknown',
    float: kind === 3,
    ...(kind === 5 && { stale: true }),
  }
}

class Work {
  readonly #below: (below: number) => number
  #now = START
  /** Times of the batches before: late samples mostly have one of these. */
  readonly #times: number[] = []
  #last: Batch | undefined

  constructor(seed: number) {
    this.#below = random(seed)
  }

  get below() {
    return this.#below
  }

  /** A new one; now and then the one before again, as of a sender that has not heard the answer. */
  batch(): Batch {
    if (this.#last === undefined || this.#below(8) > 0) this.#last = this.#make()
    return this.#last
  }

  #make(): Batch {
    const below = this.#below
    this.#now += STEP + below(3) * below(500)
    this.#times.push(this.#now)
    const earlier = () => (below(4) === 0 ? this.#now - below(40) * STEP : (this.#times.at(-1 - below(40)) ?? this.#now))
    const now = () => (below(5) === 0 ? earlier() : this.#now)
    const rows = Array.from({ length: below(3) }, (_, target) => {
      const width = 1 + below(12)
      const first = target * 20 + below(3)
      return { series: Array.from({ length: width }, (_, index) => first + index), at: now(), values: this.#values(width) }
    })
    const samples = Array.from({ length: below(6) }, (): Sample => {
      const kind = below(12)
      const value = kind === 0 ? 'stale' : kind < 3 ? histogram(below(50), below(6)) : this.#value()
      // Some senders know it, and it changes now and then.
      const startAt = value === 'stale' || below(2) === 0 ? 0 : START - 1000 * below(3)
      return { series: 60 + below(6), at: now(), value, startAt }
    })
    // Of one batch the store takes rows first, then floats, then histograms.
    samples.sort((left, right) => Number(typeof left.value === 'object') - Number(typeof right.value === 'object'))
    return { rows, samples }
  }

  #values(width: number): (number | undefined)[] {
    return Array.from({ length: width }, () => (this.#below(10) === 0 ? undefined : this.#value()))
  }

  #value(): number {
    const below = this.#below
    const special = [Number.NaN, Infinity, -0, 0, 0.1, 2 ** 53]
    return below(8) === 0 ? (special[below(special.length)] as number) : below(100_000) / (below(2) === 0 ? 1 : 100)
  }
}

class Subject {
  readonly #place: 'file' | 'memory'
  #path: string
  readonly #outOfOrderTimeWindowMs: number
  store!: Store

  constructor(place: 'file' | 'memory', outOfOrderTimeWindowMs: number) {
    this.#place = place
    this.#outOfOrderTimeWindowMs = outOfOrderTimeWindowMs
    this.#path = place === 'memory' ? ':memory:' : mkdtempSync(join(tmpdir(), 'promlet-model-'))
  }

  async open(): Promise<void> {
    this.store = await openStore({
      path: this.#path,
      clock: new VirtualClock(START + 365 * 86_400_000),
      logger: silentLogger,
      registry: createRegistry(),
      retentionTimeMs: 400 * 86_400_000,
      outOfOrderTimeWindowMs: this.#outOfOrderTimeWindowMs,
    })
  }

  async reopen(): Promise<void> {
    if (this.#place === 'memory') return
    await this.store.close()
    await this.open()
  }

  /** Goes on with what a process that is killed at this moment would leave. */
  async crash(): Promise<void> {
    if (this.#place === 'memory') return
    const left = mkdtempSync(join(tmpdir(), 'promlet-model-'))
    for (const name of ['store.db', 'store.db-wal', 'store.db-shm']) {
      if (existsSync(join(this.#path, name))) copyFileSync(join(this.#path, name), join(left, name))
    }
    await this.end()
    this.#path = left
    await this.open()
  }

  async end(): Promise<void> {
    await this.store.close()
    if (this.#place === 'file') rmSync(this.#path, { recursive: true })
  }
}

const selectors = [
  [new Matcher('__name__', '!=', '')],
  [new Matcher('__name__', '=', 'up')],
  [new Matcher('job', '!=', 'api'), new Matcher('__name__', '=~', 'http.*')],
  [new Matcher('instance', '=~', 'host-(1|2|6)[0-5]')],
]

const counts = ({ outOfOrder, duplicate, tooOld }: Refusals) => ({ older: outOfOrder + tooOld, duplicate })

for (const place of ['file', 'memory'] as const) {
  describe(`in ${place}, the store answers like the simplest store`, () => {
    for (const seed of place === 'file' ? FILE_SEEDS : SEEDS) {
      test(`whatever is done to it (seed ${seed})`, async () => {
        const work = new Work(seed)
        const subject = new Subject(place, 0)
        const model = new MemoryStore()
        await subject.open()
        for (let turn = 0; turn < 120; turn++) {
          const batch = work.batch()
          expect(counts(await commit(subject.store, batch)), `seed ${seed}, turn ${turn}`).toEqual(counts(await commit(model, batch)))
          if (work.below(15) === 0) await subject.store.compactNow()
          if (work.below(25) === 0) await (work.below(2) === 0 ? subject.crash() : subject.reopen())
          if (work.below(6) !== 0) continue
          const from = START + work.below(3_000_000)
          const matchers = selectors[work.below(selectors.length)] as Matcher[]
          const to = from + work.below(3_000_000)
          expect(await answer(subject.store, matchers, from, to), `seed ${seed}, turn ${turn}`).toEqual(
            await answer(model, matchers, from, to),
          )
        }
        for (const matchers of selectors) {
          expect(await answer(subject.store, matchers, 0, Infinity), `seed ${seed}`).toEqual(await answer(model, matchers, 0, Infinity))
        }
        await subject.end()
      })
    }
  })
}

interface Kept {
  readonly text: string
  readonly since: string
}

/** Accepts samples in any order; of two at one time the first counts. */
class AnyOrder {
  readonly #samples = new Map<number, Map<number, Kept>>()

  /** Gives how many were refused, since there was another value at their time. */
  add(batch: Batch): number {
    let refused = 0
    for (const { series: list, at, values } of batch.rows) {
      for (const [index, value] of values.entries()) if (value !== undefined) refused += this.#put(list[index] as number, at, value)
    }
    for (const { series: index, at, value, startAt } of batch.samples) refused += this.#put(index, at, value, startAt)
    return refused
  }

  delete(matches: (labels: Labels) => boolean, from: number, to: number): void {
    for (const [index, samples] of this.#samples) {
      if (!matches(series(index))) continue
      for (const at of [...samples.keys()]) if (at >= from && at <= to) samples.delete(at)
    }
  }

  answer(from: number, to: number): string[] {
    const found = [...this.#samples].map(([index, samples]) => {
      const inRange = [...samples].filter(([at]) => at >= from && at <= to).sort(([left], [right]) => left - right)
      return { labels: series(index), text: inRange.map(([at, kept]) => `${(at - START) / 1000}:${kept.text}${kept.since}`) }
    })
    const some = found.filter(({ text }) => text.length > 0).sort((left, right) => Labels.compare(left.labels, right.labels))
    return some.map(({ labels, text }) => `${labels} ${text.join(' ')}`)
  }

  #put(index: number, at: number, value: Sample['value'], startAt = 0): number {
    const samples = this.#samples.get(index) ?? new Map<number, Kept>()
    this.#samples.set(index, samples)
    const text = describeValue(value)
    const known = samples.get(at)
    if (known === undefined) samples.set(at, { text, since: since(startAt) })
    return known === undefined || known.text === text ? 0 : 1
  }
}

describe('with an out-of-order window and deletions, nothing gets lost or comes back', () => {
  for (const seed of SEEDS) {
    test(`whatever is done to it (seed ${seed})`, async () => {
      const work = new Work(seed + 1000)
      const subject = new Subject(seed % 4 === 0 ? 'file' : 'memory', 3_600_000)
      const model = new AnyOrder()
      await subject.open()
      for (let turn = 0; turn < 100; turn++) {
        const batch = work.batch()
        const refusals = await commit(subject.store, batch)
        expect(counts(refusals), `seed ${seed}, turn ${turn}`).toEqual({ older: 0, duplicate: model.add(batch) })
        if (work.below(12) === 0) await subject.store.compactNow()
        if (work.below(25) === 0) await (work.below(2) === 0 ? subject.crash() : subject.reopen())
        if (work.below(30) === 0) {
          const matcher = new Matcher('instance', '=~', `host-${work.below(7)}.?`)
          const from = START + work.below(1_500_000)
          // Often enough it takes the newest samples too.
          const to = work.below(2) === 0 ? Infinity : from + work.below(800_000)
          await subject.store.deleteSeries({ from, to }, [[matcher]])
          model.delete((labels) => matcher.matches(labels.get('instance')), from, to)
        }
        if (work.below(6) !== 0) continue
        const from = START + work.below(1_500_000)
        const to = from + work.below(1_500_000)
        expect(await answer(subject.store, selectors[0] as Matcher[], from, to), `seed ${seed}, turn ${turn}`).toEqual(
          model.answer(from, to),
        )
      }
      expect(await answer(subject.store, selectors[0] as Matcher[], 0, Infinity), `seed ${seed}`).toEqual(model.answer(0, Infinity))
      await subject.end()
    })
  }
})
