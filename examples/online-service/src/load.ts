// The load generator: a client of the service that asks at a steady rate, whether answers come or not.

import type { Registry } from 'prom-client'
import { type ClientMetrics, clientMetrics } from './client-metrics.ts'

export interface LoadOptions {
  /** Where the service is: `http://127.0.0.1:8080`. */
  readonly baseUrl: string
  readonly requestsPerSecond: number
  readonly registry: Registry
}

/** More requests than this are not left waiting: the next ones are skipped until some are answered. */
const IN_FLIGHT_MAX = 200
const TIMEOUT_MS = 5_000

/** Sends until stopped. */
export function startLoad({ baseUrl, requestsPerSecond, registry }: LoadOptions): { stop(): void } {
  const metrics = clientMetrics(registry)
  let inFlight = 0
  let sent = 0
  const timer = setInterval(() => {
    if (inFlight >= IN_FLIGHT_MAX) return
    inFlight++
    const isOrder = sent++ % 5 === 4
    void ask(metrics, baseUrl, isOrder ? 'POST' : 'GET', isOrder ? '/orders' : '/products').finally(() => inFlight--)
  }, 1000 / requestsPerSecond)
  return { stop: () => clearInterval(timer) }
}

/** One measured request. Never throws: what goes wrong is counted. */
export async function ask(metrics: ClientMetrics, baseUrl: string, method: string, path: string): Promise<void> {
  const peer = 'shop'
  metrics.requests.inc({ peer })
  metrics.inProgress.inc({ peer })
  const stopTimer = metrics.duration.startTimer({ peer })
  try {
    const response = await fetch(baseUrl + path, { method, signal: AbortSignal.timeout(TIMEOUT_MS) })
    await response.arrayBuffer()
    if (response.status >= 500) metrics.errors.inc({ peer, reason: 'status' })
  } catch {
    metrics.errors.inc({ peer, reason: 'connection' })
  } finally {
    stopTimer()
    metrics.inProgress.dec({ peer })
  }
}
