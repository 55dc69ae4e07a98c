// What one endpoint does with the slices of a request: write the message, pack it, have it transmitted, and count how
// that ended.

import type { RemoteWriteConfig } from '@promlet/config'
import type { HttpClient } from '@promlet/http'
import type { Clock, Metadata, Millis } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { RemoteError } from './error.ts'
import type { Slice } from './outgoing.ts'
import { noRefusals } from './refusals.ts'
import { countOf, type EndpointMetrics } from './sender-metrics.ts'
import type { SendResult } from './shard.ts'
import { encodeSnappy } from './snappy.ts'
import { type Attempt, type GivenUp, type Outcome, type Transmission, transmit, type Version } from './transmission.ts'
import { writeV1 } from './write-v1.ts'
import { writeV2 } from './write-v2.ts'

export interface DeliveryOptions {
  readonly config: RemoteWriteConfig
  readonly client: HttpClient
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: EndpointMetrics
  /** All that is known of metric families; remote write 2.0 sends it with each series. */
  readonly metadata: ReadonlyMap<string, Metadata>
}

/** Delivers slices to one receiver; requests may run side by side. */
export class Delivery {
  /** True from a try that failed to one that did not: more requests side by side would not help now. */
  isFailing = false
  readonly #options: DeliveryOptions
  readonly #giveUp = new AbortController()
  readonly #transmission: Transmission
  #version: Version
  /** Families that go with the next request of remote write 1.0. */
  #families = new Map<string, Metadata>()
  #familiesDue: Millis = -Infinity

  constructor(options: DeliveryOptions) {
    const { config, client, clock, logger } = options
    this.#options = options
    this.#transmission = { config, client, clock, logger, signal: this.#giveUp.signal }
    this.#version = config.protobufMessage === 'io.prometheus.write.v2.Request' ? 2 : 1
  }

  /** Has metadata that is new, and from time to time all of it, sent along. True when some waits. */
  noteMetadata(news: ReadonlyMap<string, Metadata>): boolean {
    const { config, clock, metadata } = this.#options
    if (config.metadata === undefined || this.#version === 2) return false
    if (clock.now() >= this.#familiesDue) {
      this.#familiesDue = clock.now() + config.metadata.sendIntervalMs
      this.#families = new Map(metadata)
    }
    for (const [family, described] of news) this.#families.set(family, described)
    return this.#families.size > 0
  }

  async send(slices: readonly Slice[]): Promise<SendResult> {
    const { metrics, clock } = this.#options
    const began = clock.monotonic()
    const families = this.#takeFamilies()
    if (families.size === 0 && slices.every(({ from, to }) => from === to)) return { refusals: noRefusals }
    const request = new Request(slices, families, this.#options)
    const outcome = await this.#transmit(request)
    metrics.observeSending(clock.monotonic() - began)
    metrics.countPending(slices, -1)
    return this.#conclude(request, outcome)
  }

  /** Tries no longer: what is under way or comes later fails. */
  giveUp(): void {
    this.#giveUp.abort()
  }

  #takeFamilies(): ReadonlyMap<string, Metadata> {
    const most = this.#options.config.metadata?.maxSamplesPerSend ?? 0
    const taken = new Map([...this.#families].slice(0, most))
    for (const family of taken.keys()) this.#families.delete(family)
    return taken
  }

  async #transmit(request: Request): Promise<Outcome> {
    const onRetry = () => {
      this.isFailing = true
      this.#options.metrics.countRetried(request.slices)
    }
    const outcome = await transmit(this.#transmission, () => request.attempt(this.#version), onRetry)
    if (outcome.kind !== 'unsupported') return outcome
    this.#options.logger.warn({ err: outcome.error }, 'Receiver does not take remote write 2.0, going on with 1.0')
    this.#version = 1
    return transmit(this.#transmission, () => request.attempt(1), onRetry)
  }

  #conclude(request: Request, outcome: Outcome): SendResult {
    const { metrics, logger } = this.#options
    metrics.countMetadata(request.families.size, outcome.kind === 'taken')
    if (outcome.kind === 'taken') {
      this.isFailing = false
      metrics.countSent(request.slices, request.bytes)
      return { refusals: outcome.refusals }
    }
    const samples = request.slices.reduce((sum, slice) => sum + countOf('samples', slice), 0)
    logger.error({ err: outcome.error, samples }, 'Batch dropped')
    metrics.countFailed(request.slices)
    return { error: outcome.error }
  }
}

/** The message of one request, written anew only where it changed since the last try. */
class Request {
  slices: readonly Slice[]
  readonly families: ReadonlyMap<string, Metadata>
  /** Of the last try, packed. */
  bytes = 0
  readonly #options: DeliveryOptions
  #attempt: Attempt | undefined

  constructor(slices: readonly Slice[], families: ReadonlyMap<string, Metadata>, options: DeliveryOptions) {
    this.slices = slices
    this.families = families
    this.#options = options
  }

  attempt(version: Version): Attempt | GivenUp {
    this.#dropOld()
    if (this.slices.length === 0) {
      const limit = this.#options.config.queue.sampleAgeLimitMs / 1000
      return {
        givenUp: new RemoteError('too-old', `the samples became older than sample_age_limit (${limit} s) before they could be sent`),
      }
    }
    if (this.#attempt?.version !== version) this.#attempt = { version, body: this.#write(version) }
    this.bytes = this.#attempt.body.length
    return this.#attempt
  }

  #write(version: Version): Uint8Array {
    const { slices, families } = this
    return encodeSnappy(version === 1 ? writeV1({ slices, metadata: families }) : writeV2({ slices, metadata: this.#options.metadata }))
  }

  /** Slices all of whose samples have become too old are left out. */
  #dropOld(): void {
    const { config, clock, metrics } = this.#options
    const limit = config.queue.sampleAgeLimitMs
    if (limit === 0) return
    const oldest = clock.now() - limit
    const isOld = (newest: Millis) => newest > -Infinity && newest < oldest
    const young = this.slices.filter(({ portion, from, to }) => !isOld(portion.newest(from, to)))
    if (young.length === this.slices.length) return
    for (const slice of this.slices) {
      if (young.includes(slice)) continue
      for (const kind of ['samples', 'histograms', 'exemplars'] as const) metrics.countDropped('too_old', kind, countOf(kind, slice))
    }
    this.slices = young
    this.#attempt = undefined
  }
}
