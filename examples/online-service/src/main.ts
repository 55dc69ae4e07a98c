// Settings come from the environment: LISTEN (host:port), ERRORS, LATENCY, REQUESTS_PER_SECOND (0: no load generator).

import { collectDefaultMetrics, Registry } from 'prom-client'
import { startLoad } from './load.ts'
import { createService, readFaults } from './service.ts'

const { LISTEN = '127.0.0.1:8080', ERRORS, LATENCY, REQUESTS_PER_SECOND = '10' } = process.env
const [host, port] = LISTEN.split(':')
const faults = readFaults({ errors: ERRORS, latency: LATENCY }, { errors: 0, latency: 0 })
if (faults === undefined) throw new Error('ERRORS is a share from 0 to 1, LATENCY is in seconds from 0 to 60')

const registry = new Registry()
collectDefaultMetrics({ register: registry })
const service = createService(registry, faults)
await service.listen({ host: host ?? '127.0.0.1', port: Number(port) })
process.stdout.write(`online-service listens on ${LISTEN}\n`)

const CLOSE_TIMEOUT_MS = 2_000
const requestsPerSecond = Number(REQUESTS_PER_SECOND)
const load = requestsPerSecond > 0 ? startLoad({ baseUrl: `http://127.0.0.1:${port}`, requestsPerSecond, registry }) : undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    load?.stop()
    void service.close()
    // A client may hold a connection open on which it asks nothing.
    setTimeout(() => service.server.closeAllConnections(), CLOSE_TIMEOUT_MS).unref()
  })
}
