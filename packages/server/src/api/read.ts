import { type FastifyReply, type FastifyRequest, sendPieces, sendText } from '@promlet/http'
import type { ReadResponder } from '@promlet/remote'
import type { Build } from '../components.ts'
import { clientSignal } from './answer.ts'

/** `/api/v1/read` */
export function readHandler(build: Build): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { live, clock, settings, registries } = build
  let respond: ReadResponder | undefined
  return async (request, reply) => {
    const { queryable } = live
    if (queryable === undefined) return sendText(reply, 503, 'tsdb does not run in this process\n')
    const { createReadResponder } = await import('@promlet/remote')
    respond ??= createReadResponder({
      queryable,
      externalLabels: () => live.config.global.externalLabels,
      registry: registries.remote,
      samplesMax: settings.remoteReadSamplesMax,
      clock,
    })
    const answer = await respond(Buffer.isBuffer(request.body) ? request.body : new Uint8Array(), clientSignal(reply))
    if (answer.status !== 200) return sendText(reply, answer.status, answer.text)
    sendPieces(reply.headers(answer.headers), answer.pieces)
    return reply
  }
}
