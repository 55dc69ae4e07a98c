// The data of the differential test: what a real Prometheus and our engine are both given.

import { type Histogram, Labels } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'

/**
 * What the data leave out, too: a counter that was just reset and has a gap before. 2.42 asks first where it was zero,
 * and then whether that is near; 3.x the other way round (rate.test).
 */
const SURE_AFTER_RESET = 20

/** From the epoch on, so that a script of the test language, which begins there, has the same times. */
export const START = 0
export const LENGTH = 3_600_000
/** All times of samples are multiples of it, and none is one of a second: so none is on an evaluation grid. */
export const TICK = 1001
export const TICKS_PER_SCRAPE = 15
/** The multiple of a tick that is one of a second. */
const WHOLE = 1000

export interface Generated<Value = number> {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [at: number, value: Value])[]
}

/** Numbers from 0 to 1, the same for one seed. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

/** Counters with resets, gauges with NaN, histograms in buckets; gaps, and series that begin and end. */
export function generate(seed: number): readonly Generated[] {
  const random = randomOf(seed)
  const series: Generated[] = []
  const add = (labels: Readonly<Record<string, string>>, next: () => number, first = 0, last = LENGTH) => {
    const samples: [number, number][] = []
    const offset = 1 + Math.floor(random() * (TICKS_PER_SCRAPE - 1))
    for (let tick = offset + TICKS_PER_SCRAPE * Math.floor(first / TICK / TICKS_PER_SCRAPE); tick * TICK < last; tick += TICKS_PER_SCRAPE) {
      if (tick % WHOLE !== 0) samples.push([START + tick * TICK, next()])
    }
    const isReset = (index: number) => index > 0 && (samples[index]?.[1] ?? Infinity) < (samples[index - 1] as readonly number[])[1]!
    const isSure = (index: number) => {
      const isCounter = labels['__name__'] !== 'temperature'
      return isCounter && Array.from({ length: SURE_AFTER_RESET + 2 }, (_, back) => isReset(index + 1 - back)).some(Boolean)
    }
    series.push({ labels, samples: samples.filter((_, index) => random() > 0.03 || isSure(index)) })
  }
  for (const job of ['web', 'db']) {
    for (const instance of ['a', 'b', 'c']) {
      for (const code of ['200', '500']) {
        let count = 1e4 + 1e6 * random()
        const next = () => {
          // No two counters are equal, as it differs which of equals topk takes.
          count = random() < 0.005 ? random() : count + Math.floor(100 * random())
          return count
        }
        add({ __name__: 'requests_total', job, instance, code }, next, code === '500' && instance === 'c' ? 1_200_000 : 0)
      }
      add(
        { __name__: 'temperature', job, instance },
        () => (random() < 0.01 ? Number.NaN : 40 * random() - 10),
        0,
        instance === 'b' ? 2_400_000 : LENGTH,
      )
      for (const [index, le] of ['0.1', '0.5', '+Inf'].entries()) {
        let count = 0
        const next = () => {
          count += 5 * index + Math.floor(5 * random())
          return count
        }
        add({ __name__: 'latency_bucket', job, instance, le }, next)
      }
    }
  }
  // Many values are equal here, so that it shows which of them topk and sort put first.
  for (const instance of ['a', 'b', 'c', 'd', 'e']) {
    add({ __name__: 'queue_length', instance }, () => (random() < 0.05 ? Number.NaN : Math.floor(3 * random())))
  }
  add({ __name__: 'build_info', job: 'web', version: '1' }, () => 1)
  add({ __name__: 'build_info', job: 'db', version: '2' }, () => 1)
  return series
}

export function openMetrics(series: readonly Generated[]): string {
  const byName = Map.groupBy(series, ({ labels }) => labels['__name__'] as string)
  let text = ''
  for (const [name, own] of byName) {
    text += `# TYPE ${name} unknown\n`
    for (const { labels, samples } of own) {
      const pairs = Object.entries(labels).filter(([key]) => key !== '__name__')
      const head = `${name}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`
      // promtool multiplies by 1000 and cuts off.
      for (const [at, value] of samples) text += `${head} ${value} ${(at + 0.5) / 1000}\n`
    }
  }
  return `${text}# EOF\n`
}

export async function storeOf(data: readonly Generated<number | Histogram>[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  // In the order of a block: which of equals are chosen depends on what comes first.
  for (const { labels, samples } of data.toSorted(byLabels)) {
    const ref = appender.series(Labels.of(labels))
    for (const [at, value] of samples) {
      if (typeof value === 'number') appender.append(ref, at, value)
      else appender.appendHistogram(ref, at, value)
    }
  }
  await appender.commit()
  return store
}

function byLabels(left: Generated<unknown>, right: Generated<unknown>): number {
  return Labels.compare(Labels.of(left.labels), Labels.of(right.labels))
}
