import { type FastifyReply, type FastifyRequest, sendText } from '@promlet/http'
import { messageOf } from './params.ts'

/** A request names a few selectors; Prometheus has no bound but that of bodies. */
const REQUEST_BYTES_MAX = 1024 * 1024

/** `/api/v1/read`: remote read is not there yet, which is said to who asks rightly. */
export async function readHandler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { decodeSnappy } = await import('@promlet/remote')
  try {
    decodeSnappy(Buffer.isBuffer(request.body) ? request.body : new Uint8Array(), REQUEST_BYTES_MAX)
  } catch (error) {
    return sendText(reply, 400, `${messageOf(error)}\n`)
  }
  return sendText(reply, 501, 'remote read is not supported by Promlet yet: ask /api/v1/query_range\n')
}
