// Remote write is an `Appendable` like a store: what its commit acknowledges is found by who reads at the other end.

import { defaultHttpClientConfig } from '@promlet/config'
import type { HttpClientFactory } from '@promlet/http'
import { Labels } from '@promlet/model'
import { appendableContract, type ContractStore, MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, test } from 'vitest'
import { startRemoteWrite } from './write-client.ts'
import { createWriteReceiver } from './write-receiver.ts'

const NOW = 1_700_000_000_000

async function open(protobufMessage: 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request'): Promise<ContractStore> {
  const store = new MemoryStore()
  const receive = createWriteReceiver({ appendable: store, logger: silentLogger, registry: createRegistry() })
  const httpClient: HttpClientFactory = () => ({
    async request({ headers = {}, body = new Uint8Array(0) }) {
      const answer = await receive({ headers, body })
      return { ...answer, body: Buffer.from(answer.body) }
    },
    async close() {},
  })
  const queue = {
    capacity: 10_000,
    maxShards: 4,
    minShards: 2,
    maxSamplesPerSend: 500,
    batchSendDeadlineMs: 5_000,
    minBackoffMs: 30,
    maxBackoffMs: 5_000,
    retryOnRateLimit: false,
    sampleAgeLimitMs: 0,
  }
  const remote = await startRemoteWrite({
    config: [
      {
        url: 'http://tsdb:9090/api/v1/write',
        remoteTimeoutMs: 30_000,
        writeRelabelConfigs: [],
        http: defaultHttpClientConfig,
        sendExemplars: true,
        sendNativeHistograms: true,
        protobufMessage,
        metadata: { sendIntervalMs: 60_000, maxSamplesPerSend: 500 },
        queue,
      },
    ],
    externalLabels: Labels.empty,
    clock: new VirtualClock(NOW),
    logger: silentLogger,
    registry: createRegistry(),
    httpClient,
  })
  return { appendable: remote, queryable: store, now: NOW, [Symbol.asyncDispose]: () => remote.close() }
}

for (const message of ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const) {
  describe(`remote write of ${message} keeps the contract of an appendable`, () => {
    for (const { title, run } of appendableContract) test(title, async () => run(await open(message)))
  })
}
