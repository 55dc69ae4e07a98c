// Settings come from the environment: LISTEN (host:port of /metrics), ORDERS_PER_SECOND, BATCH_SIZE, BATCH_SECONDS.

import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createPipeline } from './pipeline.ts'

const { LISTEN = '127.0.0.1:8081', ORDERS_PER_SECOND = '20', BATCH_SIZE = '50', BATCH_SECONDS = '5' } = process.env
const [host, port] = LISTEN.split(':')

const registry = new Registry()
collectDefaultMetrics({ register: registry })
const pipeline = createPipeline({
  registry,
  batchSize: Number(BATCH_SIZE),
  batchSeconds: Number(BATCH_SECONDS),
  write: async (batch) => void (await sleep(20 + batch.length)),
})

let id = 0
const source = setInterval(() => void pipeline.accept({ id: ++id }), 1000 / Number(ORDERS_PER_SECOND))

const server = createServer(async (request, response) => {
  if (request.url !== '/metrics') return response.writeHead(request.url === '/healthy' ? 200 : 404).end()
  response.setHeader('Content-Type', registry.contentType).end(await registry.metrics())
})
server.listen(Number(port), host, () => process.stdout.write(`pipeline serves /metrics on ${LISTEN}\n`))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    clearInterval(source)
    await pipeline.close()
    server.close()
    server.closeAllConnections()
  })
}
