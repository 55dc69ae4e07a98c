import { type FastifyReply, type FastifyRequest, sendText } from '@promlet/http'
import type { Appendable } from '@promlet/model'
import type { WriteReceiver } from '@promlet/remote'
import type { Build } from '../components.ts'

/** `/api/v1/write` */
export function writeHandler(build: Build): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { settings, clock, live, logger, registries } = build
  // The receiver remembers series by the references of what it writes to, so a reload that changes this needs a new one.
  let receiver: { readonly appendable: Appendable; readonly receive: WriteReceiver } | undefined
  return async (request, reply) => {
    if (!settings.web.enableRemoteWriteReceiver) {
      return sendText(reply, 404, 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n')
    }
    const { appendable } = live
    if (appendable === undefined) return sendText(reply, 503, 'tsdb does not run in this process\n')
    const { createWriteReceiver } = await import('@promlet/remote')
    if (receiver?.appendable !== appendable) {
      receiver = { appendable, receive: createWriteReceiver({ appendable, clock, logger, registry: registries.remote }) }
    }
    const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
    const { status, headers, body: text } = await receiver.receive({ headers: request.headers, body })
    reply.headers(headers)
    return text === '' ? reply.status(status).send() : sendText(reply, status, text)
  }
}
