import { describe, expect, test } from 'vitest'
import { buildInfo, processMetrics } from './process-metrics.ts'
import { Counter, createRegistry, Gauge, sharedMetric, writeMetrics } from './registry.ts'

describe('writeMetrics', () => {
  test('writes each family once, sorted by name, whatever registries its series are in', async () => {
    const [first, second] = [createRegistry(), createRegistry()]
    for (const [registry, handler] of [[first, '/metrics'] as const, [second, '/api/v1/query'] as const]) {
      new Counter({ name: 'http_requests_total', help: 'Requests.', labelNames: ['handler'], registers: [registry] }).inc({ handler })
    }
    new Gauge({ name: 'active_requests', help: 'Active.', registers: [second] }).set(2)
    expect(await writeMetrics([first, second, first])).toBe(
      [
        '# HELP active_requests Active.',
        '# TYPE active_requests gauge',
        'active_requests 2',
        '# HELP http_requests_total Requests.',
        '# TYPE http_requests_total counter',
        'http_requests_total{handler="/metrics"} 1',
        'http_requests_total{handler="/api/v1/query"} 1',
        '',
      ].join('\n'),
    )
  })
})

describe('sharedMetric', () => {
  test('gives the same metric to everyone who names it', () => {
    const registry = createRegistry()
    const make = () =>
      sharedMetric(registry, 'requests_total', () => new Counter({ name: 'requests_total', help: 'Requests.', registers: [registry] }))
    expect(make()).toBe(make())
  })
})

describe('processMetrics', () => {
  test('tells CPU, memory, file descriptors, the event loop and the version', async () => {
    const registry = createRegistry()
    processMetrics(registry)
    buildInfo(registry, 'prometheus', '3.14.0')
    const text = await writeMetrics([registry])
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds', 'nodejs_eventloop_lag_seconds']) {
      expect(text).toMatch(new RegExp(`^${name} `, 'm'))
    }
    expect(text).toContain('prometheus_build_info{version="3.14.0",nodeversion="v')
    expect(text).not.toContain('nodejs_eventloop_lag_p99_seconds')
  })
})
