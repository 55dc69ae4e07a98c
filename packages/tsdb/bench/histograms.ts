// node packages/tsdb/bench/histograms.ts [series] [steps]: what native histograms of the four sorts take: bytes in a batch and in a
// chunk, and microseconds to append, compact and read one. Requests with latencies of a log-normal kind, every 15 s.

import { type Histogram, Labels, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '../src/index.ts'
import { Requests } from './histogram-data.ts'

const [count = 50, steps = 480] = process.argv.slice(2).map(Number)
const START = Date.UTC(2026, 0, 1)

process.stdout.write(
  '| sort | buckets | bytes in a batch | bytes in a chunk | append µs | compact µs | read µs |\n|---|---:|---:|---:|---:|---:|---:|\n',
)
for (const isCustom of [false, true]) for (const isFloat of [false, true]) await measure(isCustom, isFloat)

async function measure(isCustom: boolean, isFloat: boolean): Promise<void> {
  const clock = new VirtualClock(START + steps * 15_000)
  const store = await openStore({ path: ':memory:', clock, logger: silentLogger, registry: createRegistry() })
  const all = Array.from({ length: count }, (_, index) => {
    const requests = new Requests(index, isCustom, isFloat)
    return Array.from({ length: steps }, () => requests.next())
  })
  const labels = all.map((_, index) => Labels.of({ __name__: 'http_request_duration_seconds', instance: `host-${index}:8080` }))
  const samples = count * steps
  const timed = async (run: () => Promise<unknown>) => {
    const begun = performance.now()
    await run()
    return (((performance.now() - begun) * 1000) / samples).toFixed(2)
  }
  let batchBytes = 0
  const appending = await timed(async () => {
    for (let step = 0; step < steps; step++) {
      await using appender = store.appender()
      for (const [index, histograms] of all.entries()) {
        appender.appendHistogram(appender.series(labels[index] as Labels), START + step * 15_000, histograms[step] as Histogram)
      }
      await appender.commit()
    }
  })
  const tables = (await store.analyze({ limit: 100 })).tableBytes
  batchBytes = tables.find(({ name }) => name === 'batch')?.value ?? 0
  const compacting = await timed(() => store.compactNow())
  const { metrics } = await store.analyze()
  const reading = await timed(() => store.select([{ matchers: [new Matcher('__name__', '!=', '')], from: 0, to: Number.MAX_SAFE_INTEGER }]))
  const buckets = all[0]?.at(-1)?.positiveBuckets.length ?? 0
  const bytes = metrics.reduce((sum, metric) => sum + metric.bytes, 0) / samples
  const sort = `${isCustom ? 'custom' : 'exponential'}, ${isFloat ? 'floats' : 'integers'}`
  const cells = [sort, buckets, (batchBytes / samples).toFixed(1), bytes.toFixed(1), appending, compacting, reading]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
  await store.close()
}
