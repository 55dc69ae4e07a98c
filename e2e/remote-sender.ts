// Our sender of remote write, as tests against real receivers use it.

import { defaultHttpClientConfig, type RemoteWriteConfig } from '@promlet/config'
import { createHttpClientFactory, type HttpClientFactory } from '@promlet/http'
import { Labels, systemClock } from '@promlet/model'
import { type RemoteWrite, startRemoteWrite } from '@promlet/remote'
import { createRegistry, silentLogger } from '@promlet/telemetry'

export const httpClient: HttpClientFactory = createHttpClientFactory({ clock: systemClock })

/** Remote write to one receiver. */
export function senderTo(url: string, externalLabels: Labels = Labels.of({ cluster: 'e2e' })): Promise<RemoteWrite> {
  const config: RemoteWriteConfig = {
    url,
    remoteTimeoutMs: 10_000,
    writeRelabelConfigs: [],
    http: defaultHttpClientConfig,
    sendExemplars: true,
    sendNativeHistograms: true,
    queue: {
      capacity: 10_000,
      maxShards: 4,
      minShards: 2,
      maxSamplesPerSend: 500,
      batchSendDeadlineMs: 5_000,
      minBackoffMs: 30,
      maxBackoffMs: 500,
      retryOnRateLimit: false,
      sampleAgeLimitMs: 0,
    },
  }
  return startRemoteWrite({
    config: [config],
    externalLabels,
    clock: systemClock,
    logger: silentLogger,
    registry: createRegistry(),
    httpClient,
  })
}
