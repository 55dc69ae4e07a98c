import { Counter, createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { type ManagementOptions, registerManagement } from './management.ts'
import { createServer } from './server.ts'

function app(options: Partial<ManagementOptions> = {}) {
  const registry = createRegistry()
  new Counter({ name: 'prometheus_rule_evaluations_total', help: 'Evaluations.', registers: [registry] }).inc(3)
  const made = createServer({
    listenAddress: ':0',
    name: 'prometheus',
    logger: silentLogger,
    registry: createRegistry(),
    bodyBytesMax: 1000,
    readTimeoutMs: 1000,
    maxConnections: 10,
  }).app
  registerManagement(made, { style: 'prometheus', registries: [registry], ready: () => true, ...options })
  return async (method: 'GET' | 'HEAD' | 'POST' | 'PUT', url: string) => {
    const answer = await made.inject({ method, url })
    return [answer.statusCode, answer.body]
  }
}

describe('the management routes', () => {
  test('say healthy and ready in the words of each product', async () => {
    const prometheus = app()
    expect(await prometheus('GET', '/-/healthy')).toEqual([200, 'Prometheus Server is Healthy.\n'])
    expect(await prometheus('GET', '/-/ready')).toEqual([200, 'Prometheus Server is Ready.\n'])
    expect(await prometheus('HEAD', '/-/ready')).toEqual([200, ''])
    const pushgateway = app({ style: 'pushgateway' })
    expect(await pushgateway('GET', '/-/healthy')).toEqual([200, 'OK'])
    expect(await pushgateway('GET', '/-/ready')).toEqual([200, 'OK'])
    expect((await pushgateway('HEAD', '/-/ready'))[0]).toBe(405)
  })

  test('are 503 until ready', async () => {
    let ready = false
    const ask = app({ ready: () => ready })
    expect(await ask('GET', '/-/ready')).toEqual([503, 'Service Unavailable'])
    ready = true
    expect((await ask('GET', '/-/ready'))[0]).toBe(200)
  })

  test('refuse the lifecycle API when it is off', async () => {
    const ask = app()
    expect(await ask('POST', '/-/reload')).toEqual([403, 'Lifecycle API is not enabled.'])
    expect(await ask('PUT', '/-/quit')).toEqual([403, 'Lifecycle API is not enabled.'])
    expect(await ask('GET', '/-/reload')).toEqual([405, 'Only POST or PUT requests allowed'])
  })

  test('reload, or say everything that is wrong', async () => {
    let problems = ''
    const reload = async () => {
      if (problems !== '') throw new Error(problems)
    }
    const ask = app({ lifecycle: { reload } })
    expect(await ask('POST', '/-/reload')).toEqual([200, ''])
    problems = 'prometheus.yml:3:5: wrong\nprometheus.yml:9:1: wrong too'
    expect(await ask('PUT', '/-/reload')).toEqual([500, `failed to reload config: ${problems}\n`])
  })

  test('quit once', async () => {
    let quits = 0
    const ask = app({ lifecycle: { quit: () => void quits++ } })
    expect(await ask('POST', '/-/quit')).toEqual([200, 'Requesting termination... Goodbye!'])
    expect(await ask('PUT', '/-/quit')).toEqual([200, 'Termination already in progress.'])
    expect(quits).toBe(1)
  })

  test('tell the metrics', async () => {
    const [status, body] = await app()('GET', '/metrics')
    expect(status).toBe(200)
    expect(body).toContain('prometheus_rule_evaluations_total 3\n')
  })
})
