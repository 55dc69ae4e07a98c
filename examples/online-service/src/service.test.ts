import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { clientMetrics } from './client-metrics.ts'
import { ask } from './load.ts'
import { createService } from './service.ts'

async function value(registry: Registry, name: string, labels: Record<string, string>): Promise<number | undefined> {
  const metric = (await registry.getMetricsAsJSON()).find((family) => family.name === name || name.startsWith(`${family.name}_`))
  const matches = (sample: { labels: object; metricName?: string }) =>
    (sample.metricName ?? name) === name && Object.entries(labels).every(([key, text]) => String(Reflect.get(sample.labels, key)) === text)
  return metric?.values.find(matches)?.value
}

test('requests, their status and their duration are counted', async () => {
  const registry = new Registry()
  await using service = createService(registry, { errors: 0, latency: 0 })
  expect((await service.inject('/products')).statusCode).toBe(200)
  expect((await service.inject({ method: 'POST', url: '/orders' })).statusCode).toBe(201)
  expect(await value(registry, 'shop_http_requests_total', { handler: 'products', code: '200' })).toBe(1)
  expect(await value(registry, 'shop_http_requests_total', { handler: 'orders', code: '201' })).toBe(1)
  expect(await value(registry, 'shop_http_request_duration_seconds_count', { handler: 'orders' })).toBe(1)
  expect(await value(registry, 'shop_http_requests_in_progress', { handler: 'orders' })).toBe(0)
})

test('the switch makes it fail, and that is counted too', async () => {
  const registry = new Registry()
  await using service = createService(registry, { errors: 0, latency: 0 })
  expect((await service.inject({ method: 'POST', url: '/switch?errors=1' })).json()).toEqual({ errors: 1, latency: 0 })
  expect((await service.inject('/products')).statusCode).toBe(500)
  expect(await value(registry, 'shop_http_requests_total', { handler: 'products', code: '500' })).toBe(1)
})

test('a switch that makes no sense changes nothing', async () => {
  await using service = createService(new Registry(), { errors: 0, latency: 0 })
  expect((await service.inject({ method: 'POST', url: '/switch?errors=2' })).statusCode).toBe(400)
  expect((await service.inject('/products')).statusCode).toBe(200)
})

test('the client counts what it asked for and what went wrong', async () => {
  const registry = new Registry()
  const faults = { errors: 0, latency: 0 }
  const service = createService(new Registry(), faults)
  const baseUrl = await service.listen({ host: '127.0.0.1', port: 0 })
  const metrics = clientMetrics(registry)
  await ask(metrics, baseUrl, 'GET', '/products')
  faults.errors = 1
  await ask(metrics, baseUrl, 'GET', '/products')
  await service.close()
  await ask(metrics, baseUrl, 'GET', '/products')
  expect(await value(registry, 'shop_client_requests_total', { peer: 'shop' })).toBe(3)
  expect(await value(registry, 'shop_client_request_errors_total', { reason: 'status' })).toBe(1)
  expect(await value(registry, 'shop_client_request_errors_total', { reason: 'connection' })).toBe(1)
  expect(await value(registry, 'shop_client_request_duration_seconds_count', { peer: 'shop' })).toBe(3)
})
