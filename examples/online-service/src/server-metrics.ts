// An online-serving system is watched by four facts: how many requests it answered, how many of them failed, how
// long they took, and how many are in progress. Failures are a label value of the count, so that the share of
// failures is one division.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface ServerMetrics {
  readonly requests: Counter<'handler' | 'code'>
  readonly duration: Histogram<'handler'>
  readonly inProgress: Gauge<'handler'>
}

export function serverMetrics(registry: Registry): ServerMetrics {
  const registers = [registry]
  return {
    requests: new Counter({
      name: 'shop_http_requests_total',
      help: 'Requests answered, by handler and status code.',
      labelNames: ['handler', 'code'],
      registers,
    }),
    duration: new Histogram({
      name: 'shop_http_request_duration_seconds',
      help: 'Time from request to answer, failed requests included.',
      labelNames: ['handler'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    inProgress: new Gauge({
      name: 'shop_http_requests_in_progress',
      help: 'Requests that are being worked on.',
      labelNames: ['handler'],
      registers,
    }),
  }
}

/** Runs the work of one request and counts it; `work` gives the status code that it answers with. */
export async function measure(metrics: ServerMetrics, handler: string, work: () => Promise<number>): Promise<void> {
  metrics.inProgress.inc({ handler })
  const stopTimer = metrics.duration.startTimer({ handler })
  let code = 500
  try {
    code = await work()
  } finally {
    stopTimer()
    metrics.inProgress.dec({ handler })
    metrics.requests.inc({ handler, code: String(code) })
  }
}
