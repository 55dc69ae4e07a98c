// How many samples per second go through the codec of remote write on one core, requests of 2,000 samples with snappy
// included; the store behind it takes no time. `node packages/remote/bench/write.bench.ts`

import { type Appender, Labels } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { outgoingSeries, Portion } from '../src/outgoing.ts'
import { noRefusals } from '../src/refusals.ts'
import { encodeSnappy } from '../src/snappy.ts'
import { createWriteReceiver } from '../src/write-receiver.ts'
import { writeV1 } from '../src/write-v1.ts'
import { writeV2 } from '../src/write-v2.ts'

const SERIES = 2_000
const ROUNDS = 500

/** Takes everything. */
function appender(): Appender {
  return {
    series: () => 1,
    layout: () => 1,
    retired: () => [],
    appendRow() {},
    append() {},
    appendStale() {},
    appendHistogram() {},
    appendExemplar() {},
    setMetadata() {},
    commit: async () => noRefusals,
    async [Symbol.asyncDispose]() {},
  }
}

const portion = new Portion(SERIES)
for (let index = 0; index < SERIES; index++) {
  const labels = Labels.of({
    __name__: 'http_request_duration_seconds_bucket',
    instance: `web-${index % 10}:9100`,
    job: 'api',
    le: String((index % 20) / 10),
    method: 'GET',
    path: `/api/v1/items/${index}`,
    status: '200',
  })
  portion.addSample(outgoingSeries(labels), 1_700_000_000_000 + index, Float64Array.of((index * 48271) % 2147483647), 0)
}
const content = { slices: [{ portion, from: 0, to: SERIES }], metadata: new Map() }

function report(name: string, times: number[]): void {
  times.sort((left, right) => left - right)
  const median = times[Math.floor(times.length / 2)] as number
  process.stdout.write(
    `${name}: ${(SERIES / median / 1000).toFixed(2)} million samples/s (median ${(median * 1000).toFixed(0)} us a request)\n`,
  )
}

const versions = [
  ['1.0', writeV1, 'application/x-protobuf'],
  ['2.0', writeV2, 'application/x-protobuf;proto=io.prometheus.write.v2.Request'],
] as const
for (const [version, write, type] of versions) {
  const body = encodeSnappy(write(content))
  const receive = createWriteReceiver({ appendable: { appender }, logger: silentLogger, registry: createRegistry() })
  const receiving: number[] = []
  const sending: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await receive({ headers: { 'content-type': type, 'content-encoding': 'snappy' }, body })
    const middle = performance.now()
    encodeSnappy(write(content))
    receiving.push(middle - start)
    sending.push(performance.now() - middle)
  }
  report(`${version} receive`, receiving)
  report(`${version} send`, sending)
}
