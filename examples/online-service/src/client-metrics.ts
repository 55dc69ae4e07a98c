// The same four facts from the other side. The client sees what the server cannot: requests that never arrived, and
// the time they spent on the way.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface ClientMetrics {
  readonly requests: Counter<'peer'>
  readonly errors: Counter<'peer' | 'reason'>
  readonly duration: Histogram<'peer'>
  readonly inProgress: Gauge<'peer'>
}

export function clientMetrics(registry: Registry): ClientMetrics {
  const labelNames = ['peer'] as const
  const registers = [registry]
  return {
    requests: new Counter({ name: 'shop_client_requests_total', help: 'Requests sent, by the peer asked.', labelNames, registers }),
    errors: new Counter({
      name: 'shop_client_request_errors_total',
      help: 'Requests sent that got no answer (reason: connection) or an answer that says the peer failed (reason: status).',
      labelNames: ['peer', 'reason'],
      registers,
    }),
    duration: new Histogram({
      name: 'shop_client_request_duration_seconds',
      help: 'Time until the whole answer was there, or until it was clear that none comes.',
      labelNames,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    inProgress: new Gauge({ name: 'shop_client_requests_in_progress', help: 'Requests that wait for an answer.', labelNames, registers }),
  }
}
