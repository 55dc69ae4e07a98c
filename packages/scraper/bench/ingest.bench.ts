// What one scrape of 2,000 series costs from its bytes to the row that the store gets: `node packages/scraper/bench/ingest.bench.ts`

import { createParser } from '@promlet/exposition'
import { type Appender, Labels, type Refusals } from '@promlet/model'
import { Ingest, type Reading } from '../src/ingest.ts'
import { job } from '../test/harness.ts'

const SERIES = 2000
const WARM_UP = 300
const ROUNDS = 2000
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Takes everything and keeps nothing, so that only the way to the store is measured. */
class NullStore {
  readonly refs = new Map<string, number>()
  rows = 0

  appender(): Appender {
    const refusals: Refusals = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0, retired: [] }
    return {
      series: (labels) => {
        const ref = this.refs.get(labels.key) ?? this.refs.size
        this.refs.set(labels.key, ref)
        return ref
      },
      layout: () => 0,
      retired: () => [],
      appendRow: () => void this.rows++,
      append: () => {},
      appendStale: () => {},
      appendHistogram: () => {},
      appendExemplar: () => {},
      setMetadata: () => {},
      commit: async () => refusals,
      [Symbol.asyncDispose]: async () => {},
    }
  }
}

/** Counters, gauges and durations as services have them: a third of the values has many digits. */
function exposition(round: number, extra = ''): Uint8Array {
  let text = extra
  for (let index = 0; index < SERIES; index++) {
    const family = `http_request_duration_seconds_${Math.floor(index / 20)}`
    if (index % 20 === 0) text += `# HELP ${family} How long requests took.\n# TYPE ${family} gauge\n`
    const value = index % 3 === 0 ? (index + 1) * 0.123456789 + round / 7 : index * 1000 + round
    text += `${family}{method="GET",path="/api/v1/items/${index}",code="200"} ${value}\n`
  }
  return Buffer.from(text)
}

function measure(name: string, bodies: readonly Uint8Array[], fresh = false): void {
  const store = new NullStore()
  const target = Labels.of({ instance: 'web:8080', job: 'web' })
  let ingest = new Ingest(job(), target)
  const times: number[] = []
  let scraped = 0
  const rounds = fresh ? 100 : ROUNDS
  for (let round = -Math.min(WARM_UP, rounds); round < rounds; round++) {
    if (fresh) ingest = new Ingest(job(), target)
    const body = bodies[(round + WARM_UP) % bodies.length] as Uint8Array
    const reading: Reading = { scraped: 0, added: 0, seriesAdded: 0, duplicates: 0, outOfBounds: 0, counted: 0 }
    const start = performance.now()
    const appender = store.appender()
    ingest.begin(appender)
    ingest.read(body, CONTENT_TYPE, 0, appender, reading)
    ingest.write(appender, 0)
    const time = performance.now() - start
    scraped = reading.scraped
    if (round >= 0) times.push(time)
  }
  print(name, times, `${scraped} samples, ${bodies[0]?.length} bytes`)
}

/** The part of the numbers: what reading the same values costs by itself. */
function measureParser(bodies: readonly Uint8Array[]): void {
  const parser = createParser('text/plain')
  const times: number[] = []
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const start = performance.now()
    parser.start(bodies[(round + WARM_UP) % bodies.length] as Uint8Array)
    while (parser.next() !== 'end') {}
    parser.keep()
    if (round >= 0) times.push(performance.now() - start)
  }
  print('the parser alone, unchanged', times, '')
}

function print(name: string, times: number[], note: string): void {
  times.sort((left, right) => left - right)
  const at = (share: number) => ((times[Math.floor(times.length * share)] as number) * 1000).toFixed(0)
  process.stdout.write(`${name.padEnd(28)} median ${at(0.5).padStart(6)} us   p90 ${at(0.9).padStart(6)} us   ${note}\n`)
}

const bodies = Array.from({ length: 8 }, (_, round) => exposition(round))
const whole = bodies.map((body) =>
  Buffer.from(
    Buffer.from(body)
      .toString()
      .replace(/(\d+)\.\d+\n/g, '$1\n'),
  ),
)
measure('unchanged, whole numbers', whole)
measure('unchanged', bodies)
measureParser(bodies)
measure(
  'one new series each time',
  bodies.map((_, round) => exposition(round, `run{id="${round}"} 1\n`)),
)
measure('all new', bodies, true)
