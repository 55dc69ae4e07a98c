// What Go's net/http and Prometheus's router say where no handler answers: plain text, and 405 with the methods that
// the path has.

import type { Logger } from '@promlet/telemetry'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Sends plain text as Go's `http.Error` does. */
export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).headers({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }).send(text)
}

interface Route {
  readonly method: string
  readonly path: RegExp
}

/** Answers what no route takes, and what a route's handler throws. Call before routes are added. */
export function answerTheRest(app: FastifyInstance, logger: Logger): void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, path: pathPattern(url) })
  })
  app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, routes))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) logger.error({ err: error, method: request.method, url: request.url }, 'request failed')
    const text = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'http: request body too large' : error.message
    return sendText(reply, status, `${text}\n`)
  })
}

function answerUnknown(request: FastifyRequest, reply: FastifyReply, routes: readonly Route[]): FastifyReply {
  const path = request.url.split('?', 1)[0] as string
  const methods = new Set(routes.filter((route) => route.path.test(path)).map(({ method }) => method))
  // OPTIONS is answered below whole trees of paths, which does not make a path known.
  methods.delete('OPTIONS')
  if (methods.size === 0) return sendText(reply, 404, '404 page not found\n')
  const allow = [...methods.add('OPTIONS')].sort().join(', ')
  reply.header('allow', allow)
  return request.method === 'OPTIONS' ? reply.code(200).send() : sendText(reply, 405, 'Method Not Allowed\n')
}

/** `/api/v1/label/:name/values` and `/static/*` as regular expressions. */
function pathPattern(url: string): RegExp {
  const source = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+|\*/g, (part) => (part === '*' ? '.*' : '[^/]+'))
  return new RegExp(`^${source}$`)
}
