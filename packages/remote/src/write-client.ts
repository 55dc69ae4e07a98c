import { createHash } from 'node:crypto'
import type { RemoteWriteConfig } from '@promlet/config'
import type { HttpClient, HttpClientFactory } from '@promlet/http'
import type {
  Appendable,
  Appender,
  Clock,
  CommitOptions,
  Component,
  DurationMs,
  Exemplar,
  Histogram,
  Labels,
  LayoutRef,
  Metadata,
  Millis,
  Refusals,
  SeriesRef,
} from '@promlet/model'
import type { Logger, Registry } from '@promlet/telemetry'
import { Batch } from './batch.ts'
import { Endpoint } from './endpoint.ts'
import { RemoteError } from './error.ts'
import { noRefusals } from './refusals.ts'
import { createSenderMetrics, type EndpointMetrics, type SenderMetrics } from './sender-metrics.ts'
import { SeriesTable } from './series-table.ts'
import { Ticket } from './ticket.ts'

/** The part of the configuration that remote write reads. */
export interface RemoteWriteSettings {
  readonly config: readonly RemoteWriteConfig[]
  /** Added to series that do not have them. */
  readonly externalLabels: Labels
}

export interface RemoteWriteOptions extends RemoteWriteSettings {
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly httpClient: HttpClientFactory
  /** How long `close` and `reload` let queues run empty before they give up; ten seconds by default. */
  readonly flushDeadlineMs?: DurationMs
}

/**
 * Sends every batch to all endpoints of the configuration. `commit` resolves when all of them took it, and rejects
 * with a `RemoteError` when one did not: its queue was full, it refused the batch for good, or the sender was closed.
 * While an endpoint cannot be reached, a commit waits. Without endpoints it resolves at once.
 */
export interface RemoteWrite extends Component<RemoteWriteSettings>, Appendable {}

const FLUSH_DEADLINE_MS: DurationMs = 10_000

/** Opens the queues. Samples of a series arrive in the order of their commits. */
export async function startRemoteWrite(options: RemoteWriteOptions): Promise<RemoteWrite> {
  return new Sender(options)
}

interface Running {
  readonly endpoint: Endpoint
  readonly client: HttpClient
  readonly metrics: EndpointMetrics
  readonly url: string
}

class Sender implements RemoteWrite {
  readonly #options: RemoteWriteOptions
  readonly #metrics: SenderMetrics
  readonly table = new SeriesTable()
  readonly #metadata = new Map<string, Metadata>()
  /** By what they were made from, so that a reload keeps those that did not change. */
  #endpoints = new Map<string, Running>()
  /** Queues of former endpoints that still run empty, by URL. */
  readonly #ending = new Map<string, Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(options: RemoteWriteOptions) {
    this.#options = options
    this.#metrics = createSenderMetrics(options.registry)
    this.#open(options)
  }

  appender(): Appender {
    return new RemoteAppender(this)
  }

  now(): Millis {
    return this.#options.clock.now()
  }

  ready(): boolean {
    return this.#closing === undefined
  }

  /** Endpoints whose settings changed first send what they have, then the new ones go on. */
  async reload(settings: RemoteWriteSettings): Promise<void> {
    if (this.#closing === undefined) this.#open(settings)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  /** Queues what a batch holds. */
  send(batch: Batch, { whole = false }: CommitOptions = {}): Promise<Refusals> {
    if (this.#closing !== undefined) return Promise.reject(new RemoteError('closed', 'remote write has been stopped'))
    const now = this.now()
    this.#forget(now)
    const { labels, refusals } = this.#labelsOf(batch, now)
    if (whole && refusals.retired.length > 0) return Promise.resolve(refusals)
    for (const [family, described] of batch.metadata) this.#metadata.set(family, described)
    this.#metrics.countOffered(batch)
    const ticket = new Ticket(refusals)
    for (const { endpoint } of this.#endpoints.values()) endpoint.offer(batch, labels, ticket)
    ticket.seal()
    return ticket.settled
  }

  #labelsOf(batch: Batch, now: Millis): { readonly labels: readonly (Labels | undefined)[]; readonly refusals: Refusals } {
    const labels: (Labels | undefined)[] = []
    const retired = new Set<SeriesRef>()
    let unknownSeries = batch.lost
    const look = (ref: SeriesRef) => {
      const found = this.table.labels(ref, now)
      labels.push(found)
      if (found !== undefined) return
      unknownSeries++
      retired.add(ref)
    }
    for (let index = 0; index < batch.length; index++) look(batch.refs[index] as number)
    for (const { ref } of batch.histograms) look(ref)
    for (const { ref } of batch.exemplars) look(ref)
    return { labels, refusals: { ...noRefusals, unknownSeries, retired: [...retired] } }
  }

  #forget(now: Millis): void {
    const forgotten = this.table.sweep(now)
    if (forgotten.length > 0) for (const { endpoint } of this.#endpoints.values()) endpoint.forget(forgotten)
  }

  #open({ config, externalLabels }: RemoteWriteSettings): void {
    const former = this.#endpoints
    const wanted = new Map(config.map((entry) => [JSON.stringify([entry, externalLabels]), entry]))
    for (const [key, running] of former) if (!wanted.has(key)) this.#retire(running)
    this.#endpoints = new Map([...wanted].map(([key, entry]) => [key, former.get(key) ?? this.#start(key, entry, externalLabels)]))
  }

  #start(key: string, config: RemoteWriteConfig, externalLabels: Labels): Running {
    const { clock, logger, httpClient } = this.#options
    const { url } = config
    // Prometheus: the first letters of a hash over the settings, where they give no name.
    const name = config.name ?? createHash('sha256').update(key).digest('hex').slice(0, 6)
    const client = httpClient(config.http)
    const metrics = this.#metrics.ofEndpoint(name, url)
    const after = this.#ending.get(url)
    const endpoint = new Endpoint({
      config,
      externalLabels,
      client,
      clock,
      logger: logger.child({ remote_name: name, url }),
      metrics,
      metadata: this.#metadata,
      ...(after !== undefined && { after }),
    })
    return { endpoint, client, metrics, url }
  }

  #retire(running: Running): void {
    const ended = this.#flush([running]).then(() => {
      if (this.#ending.get(running.url) === ended) this.#ending.delete(running.url)
    })
    this.#ending.set(running.url, ended)
  }

  async #end(): Promise<void> {
    await Promise.all([this.#flush([...this.#endpoints.values()]), ...this.#ending.values()])
  }

  /** Lets queues run empty, for a limited time. */
  async #flush(ending: readonly Running[]): Promise<void> {
    const { clock, flushDeadlineMs = FLUSH_DEADLINE_MS } = this.#options
    const timer = clock.setTimer(flushDeadlineMs, () => {
      for (const { endpoint } of ending) endpoint.giveUp()
    })
    try {
      await Promise.all(ending.map(({ endpoint }) => endpoint.drained()))
    } finally {
      timer[Symbol.dispose]()
    }
    for (const { client, metrics } of ending) {
      metrics.remove()
      await client.close()
    }
  }
}

class RemoteAppender implements Appender {
  readonly #sender: Sender
  #batch = new Batch()

  constructor(sender: Sender) {
    this.#sender = sender
  }

  series(labels: Labels): SeriesRef {
    return this.#sender.table.resolve(labels, this.#sender.now())
  }

  layout(refs: readonly SeriesRef[]): LayoutRef {
    return this.#sender.table.addLayout(refs, this.#sender.now())
  }

  retired(layout: LayoutRef): readonly SeriesRef[] | undefined {
    // Series stay as long as a layout has them.
    return this.#sender.table.layout(layout, this.#sender.now()) === undefined ? undefined : []
  }

  appendRow(layout: LayoutRef, at: Millis, values: Float64Array, present: Uint8Array): void {
    const refs = this.#sender.table.layout(layout, this.#sender.now())
    if (refs === undefined) this.#batch.lost += present.reduce((sum, bit) => sum + bit, 0)
    else this.#batch.appendRow(refs, at, values, present)
  }

  append(ref: SeriesRef, at: Millis, value: number, startAt: Millis = 0): void {
    this.#batch.append(ref, at, value, startAt)
  }

  appendStale(ref: SeriesRef, at: Millis): void {
    this.#batch.appendStale(ref, at)
  }

  appendHistogram(ref: SeriesRef, at: Millis, histogram: Histogram, startAt: Millis = 0): void {
    this.#batch.histograms.push({ ref, at, histogram, startAt })
  }

  appendExemplar(ref: SeriesRef, exemplar: Exemplar): void {
    this.#batch.exemplars.push({ ref, exemplar })
  }

  setMetadata(metric: string, metadata: Metadata): void {
    this.#batch.metadata.set(metric, metadata)
  }

  commit(options?: CommitOptions): Promise<Refusals> {
    const batch = this.#batch
    this.#batch = new Batch()
    return this.#sender.send(batch, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#batch = new Batch()
  }
}
