import { posix } from 'node:path'
import type { FastifyInstance } from '@promlet/http'

const UNCLEAN = /\/\/|\/\.{1,2}(?:\/|$)/

/** Leads paths with empty, `.` or `..` parts to where they mean, as Go's net/http does: of what the path decodes to. */
export function redirectUncleanPaths(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const [path = '/', query] = request.url.split('?', 2)
    const decoded = path.includes('%') ? decode(path) : path
    if (decoded === undefined || !UNCLEAN.test(decoded)) return
    const clean = encodeURI(posix.normalize(decoded).replace(/(.)\/$/, decoded.endsWith('/') ? '$1/' : '$1'))
    return reply.redirect(query === undefined ? clean : `${clean}?${query}`, 301)
  })
}

/** Undefined for a path with a broken escape, which its handler refuses. */
function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
