import type { FastifyReply, FastifyRequest, HttpClient } from '@promlet/http'

const TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 64 * 1024 * 1024

/** Asks the process that runs a component for what this one is asked, and passes its answer on. */
export function askElsewhere(client: HttpClient, baseUrl: string): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    try {
      const url = `${baseUrl}${request.raw.url ?? '/'}`
      const answer = await client.request({ method: 'GET', url, timeoutMs: TIMEOUT_MS, bodyBytesMax: BODY_BYTES_MAX })
      const type = answer.headers['content-type'] ?? 'application/json'
      return await reply.status(answer.status).type(type).send(Buffer.from(answer.body))
    } catch (error) {
      const message = `${baseUrl} did not answer: ${error instanceof Error ? error.message : String(error)}`
      return await reply
        .status(502)
        .type('application/json')
        .send(JSON.stringify({ status: 'error', errorType: 'unavailable', error: message }))
    }
  }
}
