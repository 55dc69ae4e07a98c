import type { FastifyReply, FastifyRequest, HttpClient } from '@promlet/http'
import { clientSignal, sendJson } from './answer.ts'
import { messageOf } from './params.ts'

const TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 64 * 1024 * 1024

/**
 * Asks the process that runs a component for what this one is asked, and passes its answer on. `baseUrl` has no slash
 * at the end.
 */
export function askElsewhere(client: HttpClient, baseUrl: string): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    try {
      const url = `${baseUrl}${request.url}`
      const signal = clientSignal(reply)
      const answer = await client.request({ method: 'GET', url, timeoutMs: TIMEOUT_MS, bodyBytesMax: BODY_BYTES_MAX, signal })
      const type = answer.headers['content-type'] ?? 'application/json'
      return await reply.status(answer.status).type(type).send(Buffer.from(answer.body))
    } catch (error) {
      const failure = { status: 'error', errorType: 'unavailable', error: `${baseUrl} did not answer: ${messageOf(error)}` }
      return await sendJson(reply.status(502), Buffer.from(JSON.stringify(failure)))
    }
  }
}
