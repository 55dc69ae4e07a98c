import { compileAnchored } from '@promlet/model'
import type { FastifyInstance, FastifyReply } from 'fastify'

const ANY = '.*'

/**
 * Lets pages of other origins use the API (`/api/…`), when all of their origin matches the regular expression.
 * Prometheus: `--web.cors.origin`, util/httputil/cors.go.
 */
export function allowOrigins(app: FastifyInstance, pattern: string): void {
  const allowed = compileAnchored(pattern)
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (origin !== undefined && request.url.startsWith('/api/')) allow(reply, origin)
    done()
  })
  app.options('/api/*', async (_request, reply) => reply.code(204).send())

  function allow(reply: FastifyReply, origin: string): void {
    reply.headers({
      'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-expose-headers': 'Date',
      vary: 'Origin',
    })
    if (pattern === ANY) reply.header('access-control-allow-origin', '*')
    else if (allowed.test(origin)) reply.header('access-control-allow-origin', origin)
  }
}
