import { posix } from 'node:path'
import type { FastifyInstance } from '@promlet/http'

/** Leads paths with empty, `.` or `..` parts to where they mean, as Go's net/http does. */
export function redirectUncleanPaths(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request
    if (!UNCLEAN.test(url)) return
    const [path = '/', query] = url.split('?', 2)
    const clean = posix.normalize(path)
    if (clean !== path) return reply.redirect(query === undefined ? clean : `${clean}?${query}`, 301)
  })
}

const UNCLEAN = /\/\/|\/\.{1,2}(?:[/?]|$)/
