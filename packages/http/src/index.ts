export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
export { unpackGzip } from './body.ts'
export {
  type HttpClient,
  type HttpClientFactory,
  type HttpClientOptions,
  HttpError,
  type HttpRequest,
  type HttpResponse,
} from './client.ts'
export { createHttpClientFactory } from './client-factory.ts'
export { acceptsGzip } from './compression.ts'
export { sendText } from './fallback.ts'
export { formOf } from './form.ts'
export { formatAddress, type ListenAddress, parseListenAddress } from './listen-address.ts'
export { type ManagementOptions, registerManagement, sendUnready } from './management.ts'
export { sendPieces } from './pieces.ts'
export { createServer, type HttpServer, type HttpServerOptions } from './server.ts'
export { HttpServerError } from './server-error.ts'
