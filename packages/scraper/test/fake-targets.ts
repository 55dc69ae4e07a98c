// Targets that answer without sockets, for the tests of this package.

import type { HttpClientFactory, HttpRequest, HttpResponse } from '@promlet/http'
import { HttpError } from '@promlet/http'

/** What a target answers: a body of text, or whatever a function makes of the request. */
export type FakeAnswer = string | ((request: HttpRequest) => HttpResponse | Promise<HttpResponse>)

/** Answers by URL; what has no answer refuses the connection. */
export class FakeTargets {
  readonly answers = new Map<string, FakeAnswer>()
  readonly requests: HttpRequest[] = []

  readonly factory: HttpClientFactory = () => ({
    request: async (request) => {
      this.requests.push(request)
      const answer = this.answers.get(request.url)
      if (answer === undefined) throw new HttpError('connect', `Get "${request.url}": dial tcp: connect: connection refused`)
      const response = typeof answer === 'string' ? textAnswer(answer) : await answer(request)
      if (request.bodyBytesMax > 0 && response.body.length > request.bodyBytesMax) throw new HttpError('body-too-large', 'body too large')
      return response
    },
    close: async () => {},
  })
}

export function textAnswer(body: string, status = 200): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, body: Buffer.from(body) }
}
