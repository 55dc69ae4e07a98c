import type { FastifyInstance } from 'fastify'
import { sendText } from './fallback.ts'

/** The URL as the routes know it; one outside the prefix stays as it is and is refused by `limitToPrefix`. */
export function stripPrefix(url: string, prefix: string): string {
  if (!isInside(url, prefix)) return url
  const rest = url.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Answers 404 outside the prefix, and leads from `/` into it, as Prometheus's `--web.route-prefix` does. */
export function limitToPrefix(app: FastifyInstance, prefix: string): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isInside(request.originalUrl, prefix)) return
    if (request.originalUrl === '/') return reply.redirect(`${prefix}/`, 302)
    return sendText(reply, 404, '404 page not found\n')
  })
}

function isInside(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && (url.length === prefix.length || '/?'.includes(url.charAt(prefix.length)))
}
