import { gzip, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

/** A shorter answer fits a packet anyway. */
const PACK_BYTES_MIN = 1024
/** Above this, packing leaves the calling thread. */
const SYNC_BYTES_MAX = 64 * 1024
/** The fastest level: answers go a short way and are packed once each. */
export const PACK_LEVEL = 1

/** Packs answers of some length for clients that accept gzip. */
export function packAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return done(null, payload)
    if (payload.length < PACK_BYTES_MIN || reply.hasHeader('content-encoding')) return done(null, payload)
    reply.header('vary', 'Accept-Encoding')
    if (!acceptsGzip(request.headers['accept-encoding'])) return done(null, payload)
    reply.header('content-encoding', 'gzip')
    reply.removeHeader('content-length')
    if (payload.length <= SYNC_BYTES_MAX) return done(null, gzipSync(payload, { level: PACK_LEVEL }))
    gzip(payload, { level: PACK_LEVEL }, done)
  })
}

/** True when an Accept-Encoding header names gzip (or anything) without forbidding it by `q=0`. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  for (const part of header.toLowerCase().split(',')) {
    const [coding, ...parameters] = part.split(';').map((text) => text.trim())
    if (coding === 'gzip' || coding === '*') return !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  }
  return false
}
