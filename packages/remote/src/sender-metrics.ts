// Prometheus: storage/remote/queue_manager.go newQueueManagerMetrics.

import type { QueueConfig } from '@promlet/config'
import type { DurationMs, Millis } from '@promlet/model'
import { Counter, Gauge, Histogram, type Registry, sharedMetric } from '@promlet/telemetry'
import type { Batch } from './batch.ts'
import type { Slice } from './outgoing.ts'

const PREFIX = 'prometheus_remote_storage_'
const LABELS = ['remote_name', 'url'] as const
const DROP_LABELS = ['remote_name', 'url', 'reason'] as const
const BATCH_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300]
const KINDS = ['samples', 'histograms', 'exemplars'] as const

export type Kind = (typeof KINDS)[number]
type PerKind<Metric> = Readonly<Record<Kind, Metric>>
type Label = (typeof LABELS)[number]

/** Why samples were not sent: relabelling, age, or a queue that was full. */
export type DropReason = 'relabelled' | 'too_old' | 'queue_full'

export interface SenderMetrics {
  /** What a commit offers, before relabelling. */
  countOffered(batch: Batch): void
  /** Those of one endpoint. */
  ofEndpoint(name: string, url: string): EndpointMetrics
}

export interface EndpointMetrics {
  showSettings(queue: QueueConfig): void
  showShards(count: number): void
  /** `direction` 1 when it starts to wait, -1 when it has ended. */
  countPending(slices: readonly Slice[], direction: 1 | -1): void
  countDropped(reason: DropReason, kind: Kind, count: number): void
  countSent(slices: readonly Slice[], bytes: number): void
  countFailed(slices: readonly Slice[]): void
  countRetried(slices: readonly Slice[]): void
  countMetadata(families: number, isTaken: boolean): void
  observeSending(durationMs: DurationMs): void
  /** Takes the endpoint's series out of the registry. */
  remove(): void
}

/** How many items of a kind a run has. */
export function countOf(kind: Kind, { portion, from, to }: Slice): number {
  const samplesEnd = portion.samples
  const histogramsEnd = samplesEnd + portion.histograms.length
  const [start, end] = { samples: [0, samplesEnd], histograms: [samplesEnd, histogramsEnd], exemplars: [histogramsEnd, Infinity] }[
    kind
  ] as [number, number]
  return Math.max(0, Math.min(to, end) - Math.max(from, start))
}

export function createSenderMetrics(registry: Registry): SenderMetrics {
  const all = createAll(registry)
  return {
    countOffered(batch) {
      all.offered.samples.inc(batch.length)
      all.offered.histograms.inc(batch.histograms.length)
      all.offered.exemplars.inc(batch.exemplars.length)
      let highest: Millis = -Infinity
      for (let index = 0; index < batch.length; index++) highest = Math.max(highest, batch.times[index] as number)
      if (highest > all.highestOffered) {
        all.highestOffered = highest
        all.highestOfferedGauge.set(highest / 1000)
      }
    },
    ofEndpoint: (remote_name, url) => bind(all, { remote_name, url }),
  }
}

type All = ReturnType<typeof createAll>

function createAll(registry: Registry) {
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[]): Counter<Name> =>
    sharedMetric(registry, PREFIX + name, () => new Counter({ name: PREFIX + name, help, labelNames, registers: [registry] }))
  const gauge = <Name extends string>(name: string, help: string, labelNames: readonly Name[]): Gauge<Name> =>
    sharedMetric(registry, PREFIX + name, () => new Gauge({ name: PREFIX + name, help, labelNames, registers: [registry] }))
  const perKind = <Metric>(make: (kind: Kind) => Metric): PerKind<Metric> => ({
    samples: make('samples'),
    histograms: make('histograms'),
    exemplars: make('exemplars'),
  })
  const duration = `${PREFIX}sent_batch_duration_seconds`
  const durationHelp = 'Duration of send calls to the remote storage.'
  return {
    offered: perKind((kind) => counter(`${kind}_in_total`, `${kind} that commits handed to remote write.`, [])),
    highestOffered: -Infinity,
    highestOfferedGauge: gauge('highest_timestamp_in_seconds', 'The highest timestamp that a commit handed to remote write.', []),
    sent: perKind((kind) => counter(`${kind}_total`, `Total number of ${kind} sent to remote storage.`, LABELS)),
    failed: perKind((kind) =>
      counter(`${kind}_failed_total`, `Total number of ${kind} that failed on send and are not sent again.`, LABELS),
    ),
    retried: perKind((kind) =>
      counter(`${kind}_retried_total`, `Total number of ${kind} that failed on send and were sent again.`, LABELS),
    ),
    dropped: perKind((kind) => counter(`${kind}_dropped_total`, `Total number of ${kind} that were not sent.`, DROP_LABELS)),
    pending: perKind((kind) => gauge(`${kind}_pending`, `The number of ${kind} that wait to be sent.`, LABELS)),
    metadataSent: counter('metadata_total', 'Total number of metadata sent to remote storage.', LABELS),
    metadataFailed: counter('metadata_failed_total', 'Total number of metadata that failed on send.', LABELS),
    bytes: counter('bytes_total', 'The total number of bytes sent, after compression.', LABELS),
    highestSent: gauge('queue_highest_sent_timestamp_seconds', 'The highest timestamp that was sent successfully.', LABELS),
    shards: gauge('shards', 'The number of shards that send in parallel.', LABELS),
    shardsMin: gauge('shards_min', 'The minimum number of shards that the queue is allowed to run.', LABELS),
    shardsMax: gauge('shards_max', 'The maximum number of shards that the queue is allowed to run.', LABELS),
    shardCapacity: gauge('shard_capacity', 'The capacity of each shard of the queue.', LABELS),
    samplesPerSendMax: gauge('max_samples_per_send', 'The maximum number of samples in one request.', LABELS),
    duration: sharedMetric(
      registry,
      duration,
      () => new Histogram({ name: duration, help: durationHelp, labelNames: LABELS, buckets: BATCH_BUCKETS, registers: [registry] }),
    ),
  }
}

function bind(all: All, labels: Record<Label, string>): EndpointMetrics {
  const count = (metrics: PerKind<Counter<Label> | Gauge<Label>>, slices: readonly Slice[], factor = 1) => {
    for (const kind of KINDS) {
      let items = 0
      for (const slice of slices) items += countOf(kind, slice)
      if (items > 0) metrics[kind].inc(labels, items * factor)
    }
  }
  for (const kind of KINDS) for (const metric of [all.sent, all.failed, all.retried, all.pending]) metric[kind].inc(labels, 0)
  return {
    showSettings({ minShards, maxShards, capacity, maxSamplesPerSend }) {
      all.shardsMin.set(labels, minShards)
      all.shardsMax.set(labels, maxShards)
      all.shardCapacity.set(labels, capacity)
      all.samplesPerSendMax.set(labels, maxSamplesPerSend)
    },
    showShards: (shards) => all.shards.set(labels, shards),
    countPending: (slices, direction) => count(all.pending, slices, direction),
    countDropped(reason, kind, items) {
      if (items > 0) all.dropped[kind].inc({ ...labels, reason }, items)
    },
    countSent(slices, bytes) {
      count(all.sent, slices)
      all.bytes.inc(labels, bytes)
      const newest = Math.max(-Infinity, ...slices.map(({ portion, from, to }) => portion.newest(from, to)))
      if (newest > -Infinity) all.highestSent.set(labels, newest / 1000)
    },
    countFailed: (slices) => count(all.failed, slices),
    countRetried: (slices) => count(all.retried, slices),
    countMetadata(families, isTaken) {
      if (families > 0) (isTaken ? all.metadataSent : all.metadataFailed).inc(labels, families)
    },
    observeSending: (durationMs) => all.duration.observe(labels, durationMs / 1000),
    remove() {
      const { sent, failed, retried, pending, ...single } = all
      for (const kind of KINDS) for (const metric of [sent, failed, retried, pending]) metric[kind].remove(labels)
      for (const metric of [single.metadataSent, single.metadataFailed, single.bytes, single.highestSent, single.duration])
        metric.remove(labels)
      for (const metric of [single.shards, single.shardsMin, single.shardsMax, single.shardCapacity, single.samplesPerSendMax])
        metric.remove(labels)
    },
  }
}
