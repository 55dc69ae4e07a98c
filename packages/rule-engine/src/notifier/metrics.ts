import { Counter, Gauge, Histogram, type Registry, Summary } from '@promlet/telemetry'

const LABELS = ['alertmanager'] as const

/** The metrics of sending alerts, under Prometheus's names. */
export interface NotifierMetrics {
  readonly sent: Counter<'alertmanager'>
  readonly errors: Counter<'alertmanager'>
  readonly dropped: Counter<'alertmanager'>
  readonly queueLength: Gauge<'alertmanager'>
  /** Seconds one request took. */
  answered(alertmanager: string, seconds: number): void
  /** Makes all series of an Alertmanager appear, with zeros. */
  add(alertmanager: string): void
  remove(alertmanager: string): void
}

export function createNotifierMetrics(registry: Registry, queueCapacity: number, alertmanagers: () => number): NotifierMetrics {
  const registers = [registry]
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: LABELS, registers })
  const sent = counter('prometheus_notifications_sent_total', 'Total number of alerts sent.')
  const errors = counter('prometheus_notifications_errors_total', 'Total number of sent alerts affected by errors.')
  const dropped = counter(
    'prometheus_notifications_dropped_total',
    'Total number of alerts dropped due to errors when sending to Alertmanager.',
  )
  const queueLength = new Gauge({
    name: 'prometheus_notifications_queue_length',
    help: 'The number of alert notifications in the queue.',
    labelNames: LABELS,
    registers,
  })
  const latency = new Summary({
    name: 'prometheus_notifications_latency_seconds',
    help: 'Latency quantiles for sending alert notifications.',
    labelNames: LABELS,
    percentiles: [0.5, 0.9, 0.99],
    maxAgeSeconds: 600,
    ageBuckets: 5,
    registers,
  })
  const latencyBuckets = new Histogram({
    name: 'prometheus_notifications_latency_histogram_seconds',
    help: 'Latency histogram for sending alert notifications.',
    labelNames: LABELS,
    buckets: [0.01, 0.1, 1, 10],
    registers,
  })
  new Gauge({
    name: 'prometheus_notifications_queue_capacity',
    help: 'The capacity of the alert notifications queue.',
    registers,
  }).set(queueCapacity)
  new Gauge({
    name: 'prometheus_notifications_alertmanagers_discovered',
    help: 'The number of alertmanagers discovered and active.',
    registers,
    collect() {
      this.set(alertmanagers())
    },
  })
  // Two sections may name one Alertmanager: its series stay until both are gone.
  const users = new Map<string, number>()
  return {
    sent,
    errors,
    dropped,
    queueLength,
    answered(alertmanager, seconds) {
      latency.observe({ alertmanager }, seconds)
      latencyBuckets.observe({ alertmanager }, seconds)
    },
    add(alertmanager) {
      users.set(alertmanager, (users.get(alertmanager) ?? 0) + 1)
      for (const metric of [sent, errors, dropped]) metric.inc({ alertmanager }, 0)
      queueLength.inc({ alertmanager }, 0)
    },
    remove(alertmanager) {
      const left = (users.get(alertmanager) ?? 1) - 1
      users.set(alertmanager, left)
      if (left > 0) return
      users.delete(alertmanager)
      for (const metric of [sent, errors, dropped, queueLength, latency, latencyBuckets]) metric.remove({ alertmanager })
    },
  }
}
