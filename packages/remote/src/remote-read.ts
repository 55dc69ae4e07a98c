// The servers of `remote_read`, and the store of this process with them: what a query does not find here it may find there.

import { createHash } from 'node:crypto'
import type { RemoteReadConfig } from '@promlet/config'
import type { HttpClient, HttpClientFactory } from '@promlet/http'
import type { Clock, Component, Labels, Millis, Queryable } from '@promlet/model'
import type { Registry } from '@promlet/telemetry'
import { mergedQueryable } from './merged-queryable.ts'
import { ReadClient } from './read-client.ts'
import { ReadEndpoint } from './read-endpoint.ts'
import { createReaderMetrics, type ReaderMetrics } from './reader-metrics.ts'

export interface RemoteReadSettings {
  readonly config: readonly RemoteReadConfig[]
  /** Asked for, and taken off the answers, where `filter_external_labels` is set. */
  readonly externalLabels: Labels
}

export interface RemoteReadOptions extends RemoteReadSettings {
  readonly clock: Clock
  readonly registry: Registry
  readonly httpClient: HttpClientFactory
  /** Of this process, with its oldest sample; Infinity while it is empty. */
  readonly store: Queryable & { startTime(): Millis }
}

export interface RemoteRead extends Component<RemoteReadSettings> {
  /** The store and the servers as one. A server that fails is a warning of the answer. */
  readonly queryable: Queryable
}

interface Running {
  readonly endpoint: ReadEndpoint
  readonly client: HttpClient
  readonly metrics: ReaderMetrics
}

/** Opens a client for each server. */
export function startRemoteRead(options: RemoteReadOptions): RemoteRead {
  /** By what they were made from, so that a reload keeps those that did not change. */
  let running = new Map<string, Running>()
  let isOpen = true

  async function open({ config, externalLabels }: RemoteReadSettings): Promise<void> {
    const former = running
    const wanted = new Map(config.map((entry) => [JSON.stringify([entry, externalLabels]), entry]))
    running = new Map([...wanted].map(([key, entry]) => [key, former.get(key) ?? start(key, entry, externalLabels)]))
    for (const [key, { client, metrics }] of former) {
      if (running.has(key)) continue
      metrics.remove()
      await client.close()
    }
  }

  function start(key: string, config: RemoteReadConfig, externalLabels: Labels): Running {
    const { clock, registry, httpClient, store } = options
    // Prometheus: the first letters of a hash over the settings, where they give no name.
    const name = config.name ?? createHash('sha256').update(key).digest('hex').slice(0, 6)
    const metrics = createReaderMetrics(registry, name, config.url)
    const client = httpClient(config.http)
    const reader = new ReadClient({ config, client, clock, metrics })
    return { endpoint: new ReadEndpoint({ config, externalLabels, reader, startTime: () => store.startTime() }), client, metrics }
  }

  void open(options)
  return {
    queryable: mergedQueryable(options.store, () => [...running.values()].map(({ endpoint }) => endpoint)),
    ready: () => isOpen,
    reload: (settings) => open(settings),
    async close() {
      isOpen = false
      await open({ config: [], externalLabels: options.externalLabels })
    },
  }
}
