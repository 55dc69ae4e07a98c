// One entry of `remote_write`: which series it takes, how they look there, and through which shard they go.

import { compileRelabel, type Labels, type Relabel, type SeriesRef } from '@promlet/model'
import type { Batch } from './batch.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import { RemoteError } from './error.ts'
import { type OutgoingSeries, outgoingSeries, Portion } from './outgoing.ts'
import { countOf } from './sender-metrics.ts'
import { Shard } from './shard.ts'
import type { Ticket } from './ticket.ts'

export interface EndpointOptions extends DeliveryOptions {
  readonly externalLabels: Labels
  /** Nothing is sent before it has ended: the queue of an endpoint that this one takes the place of. */
  readonly after?: Promise<unknown>
}

/** Sends batches to one receiver. */
export class Endpoint {
  readonly #options: EndpointOptions
  readonly #delivery: Delivery
  readonly #relabel: Relabel
  /** By reference; `null` for what relabelling drops. */
  readonly #series = new Map<SeriesRef, OutgoingSeries | null>()
  #shards: readonly Shard[]

  constructor(options: EndpointOptions) {
    const { config, metrics } = options
    this.#options = options
    this.#delivery = new Delivery(options)
    this.#relabel = compileRelabel(config.writeRelabelConfigs)
    this.#shards = Array.from({ length: config.queue.minShards }, () => this.#openShard(options.after))
    metrics.showSettings(config.queue)
    metrics.showShards(this.#shards.length)
  }

  /** Queues a batch; `labels` has those of each of its samples, histograms and exemplars, in this order. */
  offer(batch: Batch, labels: readonly (Labels | undefined)[], ticket: Ticket): void {
    this.#shrinkWhenIdle()
    const portions = this.#split(batch, labels)
    if (portions.some((portion, index) => !this.#hasRoom(this.#shards[index] as Shard, portion))) {
      this.#refuse(portions, ticket)
      return
    }
    const isNews = this.#delivery.noteMetadata(batch.metadata)
    // With nothing else to send, metadata goes alone.
    const isAlone = isNews && portions.every(({ size }) => size === 0)
    for (const [index, portion] of portions.entries()) {
      if (portion.size === 0 && !(isAlone && index === 0)) continue
      this.#options.metrics.countPending([{ portion, from: 0, to: portion.size }], 1)
      ;(this.#shards[index] as Shard).enqueue(portion, ticket)
    }
    this.#growWhenBusy()
  }

  /** Forgets series that nobody used for long. */
  forget(refs: readonly SeriesRef[]): void {
    for (const ref of refs) this.#series.delete(ref)
  }

  /** Resolves when all that waits now has ended. */
  async drained(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.drained()))
  }

  /** Tries no longer: what waits fails. */
  giveUp(): void {
    this.#delivery.giveUp()
  }

  #openShard(after?: Promise<unknown>): Shard {
    return new Shard(this.#options.config.queue.maxSamplesPerSend, (slices) => this.#delivery.send(slices), after)
  }

  #split(batch: Batch, labels: readonly (Labels | undefined)[]): readonly Portion[] {
    const { config, metrics } = this.#options
    const room = Math.ceil(batch.length / this.#shards.length)
    const portions = this.#shards.map(() => new Portion(room))
    const portionOf = (ref: SeriesRef) => portions[ref % portions.length] as Portion
    let relabelled = 0
    for (let index = 0; index < batch.length; index++) {
      const ref = batch.refs[index] as number
      const series = this.#seriesOf(ref, labels[index])
      if (series === undefined) relabelled++
      else portionOf(ref).addSample(series, batch.times[index] as number, batch.values, index, batch.starts.get(index) ?? 0)
    }
    metrics.countDropped('relabelled', 'samples', relabelled)
    const histograms = config.sendNativeHistograms ? batch.histograms : []
    for (const [index, { ref, at, histogram, startAt }] of histograms.entries()) {
      const series = this.#seriesOf(ref, labels[batch.length + index])
      if (series !== undefined) portionOf(ref).histograms.push({ series, at, histogram, startAt })
    }
    const exemplars = config.sendExemplars ? batch.exemplars : []
    for (const [index, { ref, exemplar }] of exemplars.entries()) {
      const series = this.#seriesOf(ref, labels[batch.length + batch.histograms.length + index])
      if (series !== undefined) portionOf(ref).exemplars.push({ series, exemplar })
    }
    return portions
  }

  /** Undefined when the series is not known, or not sent here. */
  #seriesOf(ref: SeriesRef, labels: Labels | undefined): OutgoingSeries | undefined {
    if (labels === undefined) return undefined
    let series = this.#series.get(ref)
    if (series === undefined) {
      const { externalLabels } = this.#options
      const outgoing = this.#relabel(labels.withAll([...externalLabels].filter(([name]) => !labels.has(name))))
      series = outgoing === undefined || outgoing.size === 0 ? null : outgoingSeries(outgoing)
      this.#series.set(ref, series)
    }
    return series ?? undefined
  }

  /** A portion that is longer than the whole queue is let in when nothing else waits. */
  #hasRoom(shard: Shard, portion: Portion): boolean {
    return shard.pending === 0 || shard.pending + portion.size <= this.#options.config.queue.capacity
  }

  #refuse(portions: readonly Portion[], ticket: Ticket): void {
    const { config, metrics, logger } = this.#options
    for (const portion of portions) {
      const whole = { portion, from: 0, to: portion.size }
      for (const kind of ['samples', 'histograms', 'exemplars'] as const) metrics.countDropped('queue_full', kind, countOf(kind, whole))
    }
    const error = new RemoteError(
      'queue-full',
      `the queue of remote write to ${config.url} is full (capacity ${config.queue.capacity} per shard)`,
    )
    logger.warn({ err: error }, 'Batch dropped')
    ticket.open()
    ticket.fail(error)
  }

  /**
   * Twice as many shards when one is half full, although the receiver answers. Series `n` of shard `n % count` go on
   * there or move to shard `n % count + count`, which starts when what was queued at their old place has ended.
   */
  #growWhenBusy(): void {
    const { capacity, maxShards } = this.#options.config.queue
    const parents = this.#shards
    if (this.#delivery.isFailing || parents.length * 2 > maxShards) return
    if (!parents.some(({ pending }) => pending > capacity / 2)) return
    this.#shards = [...parents, ...parents.map((parent) => this.#openShard(parent.drained()))]
    this.#options.metrics.showShards(this.#shards.length)
  }

  /** Nothing waits, so series may change their place. */
  #shrinkWhenIdle(): void {
    const { minShards } = this.#options.config.queue
    if (this.#shards.length === minShards || this.#shards.some(({ isIdle }) => !isIdle)) return
    this.#shards = this.#shards.slice(0, Math.max(minShards, this.#shards.length / 2))
    this.#options.metrics.showShards(this.#shards.length)
  }
}
