// A shop with two handlers, and a switch that makes it misbehave.

import { setTimeout as sleep } from 'node:timers/promises'
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import type { Registry } from 'prom-client'
import { measure, serverMetrics } from './server-metrics.ts'

/** How the service misbehaves. */
export interface Faults {
  /** Share of requests answered with 500, from 0 to 1. */
  errors: number
  /** Seconds that every answer is late. */
  latency: number
}

const products = [
  { id: 1, name: 'Kettle', price: 39 },
  { id: 2, name: 'Teapot', price: 24 },
]

/** The service, not yet listening. `POST /switch?errors=0.5&latency=0.8` changes `faults` while it runs. */
export function createService(registry: Registry, faults: Faults): FastifyInstance {
  const app = fastify()
  const metrics = serverMetrics(registry)

  app.get('/products', (_, reply) => measure(metrics, 'products', () => answer(reply, faults, 200, products)))
  app.post('/orders', (_, reply) => measure(metrics, 'orders', () => answer(reply, faults, 201, { accepted: true })))
  app.post<{ Querystring: Record<string, string> }>('/switch', async ({ query }, reply) => {
    const wanted = readFaults(query, faults)
    if (wanted === undefined) return reply.code(400).send({ error: 'errors is a share from 0 to 1, latency is in seconds from 0 to 60' })
    return Object.assign(faults, wanted)
  })
  app.get('/healthy', async () => 'OK')
  app.get('/metrics', async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  return app
}

/** Answers after a while, with an error as often as `faults` wants it. Gives the status code. */
async function answer(reply: FastifyReply, faults: Faults, code: number, body: unknown): Promise<number> {
  await sleep(1000 * (0.02 * Math.random() + faults.latency))
  const fails = Math.random() < faults.errors
  if (fails) await reply.code(500).send({ error: 'switched to errors' })
  else await reply.code(code).send(body)
  return reply.statusCode
}

/** The faults that a switch asks for; what it does not name stays. Undefined where a value makes no sense. */
export function readFaults(wanted: Readonly<Record<string, string | undefined>>, current: Faults): Faults | undefined {
  const errors = Number(wanted['errors'] ?? current.errors)
  const latency = Number(wanted['latency'] ?? current.latency)
  const isGood = errors >= 0 && errors <= 1 && latency >= 0 && latency <= 60
  return isGood ? { errors, latency } : undefined
}
