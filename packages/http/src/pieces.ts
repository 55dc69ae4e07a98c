import type { Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import { acceptsGzip, PACK_LEVEL } from './compression.ts'

/** A shorter answer is sent whole. */
const WHOLE_BYTES_MAX = 2 ** 16
/** After so much, others have the thread: a system that takes all at once would keep it to the end of the answer. */
const TURN_BYTES = 2 ** 18

const sent = new WeakMap<FastifyReply, number>()

/** How long the body of an answer was that `sendPieces` sent, before packing. */
export function bytesInPieces(reply: FastifyReply): number | undefined {
  return sent.get(reply)
}

/**
 * Sends an answer while it is written, so that it is never whole in memory and the client reads meanwhile. A piece ends when
 * the next one is asked for, which is when the system has taken it. Nothing more is asked for when the client goes away.
 */
export function sendPieces(reply: FastifyReply, pieces: Iterator<Uint8Array, void>): void {
  const first = gather(pieces)
  if (first.isLast) return void reply.send(first.bytes)
  // Hooks that see the whole body have no part in it.
  reply.hijack()
  const out = begin(reply)
  let total = 0
  let turnEnd = TURN_BYTES
  const write = ({ bytes, isLast }: Gathered) => {
    total += bytes.byteLength
    if (!isLast) return out.write(bytes, proceed)
    sent.set(reply, total)
    out.end(bytes)
  }
  const proceed = (error?: Error | null) => {
    if (error || reply.raw.destroyed) return void pieces.return?.()
    if (total >= turnEnd) {
      turnEnd = total + TURN_BYTES
      return void setImmediate(proceed)
    }
    try {
      write(gather(pieces))
    } catch (failure) {
      reply.raw.destroy(failure as Error)
    }
  }
  write(first)
}

interface Gathered {
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

/** The next pieces, as many as are worth a call of the system. */
function gather(pieces: Iterator<Uint8Array, void>): Gathered {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const next = pieces.next()
    if (next.done) return { bytes: Buffer.concat(parts), isLast: true }
    length += next.value.byteLength
    if (length >= WHOLE_BYTES_MAX) return { bytes: parts.length === 0 ? next.value : Buffer.concat([...parts, next.value]), isLast: false }
    // The slice of a Buffer would be no copy.
    parts.push(new Uint8Array(next.value))
  }
}

function begin(reply: FastifyReply): Writable {
  const { raw, request } = reply
  reply.header('vary', 'Accept-Encoding')
  const packs = !reply.hasHeader('content-encoding') && acceptsGzip(request.headers['accept-encoding'])
  if (packs) reply.header('content-encoding', 'gzip')
  raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>)
  if (!packs) return raw
  const packer = createGzip({ level: PACK_LEVEL })
  packer.pipe(raw)
  return packer
}
