import { ExpositionError, type Family, parseDelimitedFamilies, parseFamilies } from '@promlet/exposition'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, HttpError, sendText, unpackGzip } from '@promlet/http'
import { type Clock, isLegacyMetricName, quote } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { PushgatewayError } from './error.ts'
import { type GroupingKey, parseGroupingKey } from './grouping-key.ts'
import type { Intake } from './intake.ts'
import { countRequest, type PushgatewayMetrics } from './metrics.ts'

export interface PushRouteOptions {
  readonly intake: Intake
  readonly metrics: PushgatewayMetrics
  readonly clock: Clock
  readonly logger: Logger
  readonly utf8Names: boolean
  readonly checksPushes: boolean
  /** Of a body once unpacked. */
  readonly bodyBytesMax: number
}

const ROOT = '/metrics/'
const PATHS = ['/metrics/job/:job', '/metrics/job/:job/*', '/metrics/job@base64/:job', '/metrics/job@base64/:job/*']

/** PUT, POST and DELETE of `/metrics/job/<JOB>{/<LABEL>/<VALUE>}`. */
export function registerPush(app: FastifyInstance, options: PushRouteOptions): void {
  for (const url of PATHS) {
    app.route({
      method: ['PUT', 'POST'],
      url,
      handler: (request, reply) => answer(request, reply, options, push),
      onResponse: (request, reply, done) => {
        observePush(request, reply, options.metrics)
        done()
      },
    })
    app.route({
      method: 'DELETE',
      url,
      handler: (request, reply) => answer(request, reply, options, remove),
      onResponse: countRequest(options.metrics, 'delete'),
    })
  }
  // Go's router leads a path that lacks its last part to where it would be without the slash, and there is nothing.
  app.route({ method: ['PUT', 'POST', 'DELETE'], url: '/metrics/job/', handler: async (_, reply) => reply.redirect('/metrics/job', 307) })
}

type Action = (key: GroupingKey, request: FastifyRequest, reply: FastifyReply, options: PushRouteOptions) => Promise<FastifyReply>

/** Runs an action on the group that the path names; what is wrong with a request is 400 with the reason. */
async function answer(request: FastifyRequest, reply: FastifyReply, options: PushRouteOptions, action: Action): Promise<FastifyReply> {
  try {
    const key = parseGroupingKey(decodePath(request.url), options)
    // The routes only take paths that name a group, but an encoded slash can make one that does not.
    if (key === undefined) return sendText(reply, 404, '404 page not found\n')
    return await action(key, request, reply, options)
  } catch (error) {
    if (error instanceof HttpError && error.code === 'body-too-large') return sendText(reply, 413, 'http: request body too large\n')
    if (!(error instanceof PushgatewayError || error instanceof ExpositionError || error instanceof HttpError)) throw error
    const level = error instanceof PushgatewayError && error.code === 'inconsistent' ? 'error' : 'debug'
    options.logger[level]({ err: error, method: request.method, path: request.url, source: request.ip }, 'request refused')
    return sendText(reply, 400, `${error.message}\n`)
  }
}

async function push(key: GroupingKey, request: FastifyRequest, reply: FastifyReply, options: PushRouteOptions): Promise<FastifyReply> {
  const families = readBody(request.headers['content-type'], await unpack(request, options), options)
  const replace = request.method === 'PUT'
  try {
    options.intake.push({ key, families, replace, at: options.clock.now() })
  } catch (error) {
    // Unchecked, the original answers before it has looked at the metrics.
    if (options.checksPushes) throw error
    options.logger.error({ err: error, path: request.url, source: request.ip }, 'push refused')
  }
  return reply.code(options.checksPushes ? 200 : 202).send()
}

async function remove(key: GroupingKey, _: FastifyRequest, reply: FastifyReply, { intake }: PushRouteOptions): Promise<FastifyReply> {
  intake.delete(key.text)
  return reply.code(202).send()
}

async function unpack({ headers, body }: FastifyRequest, { bodyBytesMax }: PushRouteOptions): Promise<Uint8Array> {
  const packed = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  switch (headers['content-encoding']?.toLowerCase()) {
    case 'gzip':
      return unpackGzip(packed, bodyBytesMax)
    case 'snappy':
      throw new PushgatewayError('bad-body', 'Content-Encoding snappy is not supported: send gzip, or none')
    default:
      return packed
  }
}

function readBody(contentType: string | undefined, body: Uint8Array, { utf8Names }: PushRouteOptions): Family[] {
  if (!isProtobuf(contentType)) return parseFamilies(body, { names: utf8Names ? 'utf8' : 'legacy' })
  const families = parseDelimitedFamilies(body)
  const bad = families.find(({ name }) => !utf8Names && !isLegacyMetricName(name))
  if (bad !== undefined) throw new PushgatewayError('bad-body', `invalid metric name ${quote(bad.name)}`)
  return families
}

/** Anything else is read as text, whatever it says it is, as the original does. */
function isProtobuf(contentType = ''): boolean {
  const [type, ...parameters] = contentType.split(';').map((part) => part.trim().replaceAll('"', ''))
  return (
    type?.toLowerCase() === 'application/vnd.google.protobuf' &&
    parameters.includes('encoding=delimited') &&
    parameters.includes('proto=io.prometheus.client.MetricFamily')
  )
}

/** What stands behind `/metrics/`, decoded as a whole: an encoded slash counts as one. */
function decodePath(url: string): string {
  const end = url.indexOf('?')
  const path = url.slice(ROOT.length, end < 0 ? undefined : end)
  try {
    return decodeURIComponent(path)
  } catch (cause) {
    throw new PushgatewayError('bad-grouping-key', 'the path is not valid UTF-8, or an escape in it is broken', { cause })
  }
}

/** Prometheus: client_golang promhttp computeApproximateRequestSize. */
function observePush(request: FastifyRequest, reply: FastifyReply, { requests, pushDuration, pushSize }: PushgatewayMetrics): void {
  const method = request.method.toLowerCase()
  requests.inc({ handler: 'push', code: reply.statusCode, method })
  pushDuration.observe({ method }, reply.elapsedTime / 1000)
  let size = request.url.length + request.method.length + 'HTTP/1.1'.length
  for (const text of request.raw.rawHeaders) size += text.length
  pushSize.observe({ method }, size + Number(request.headers['content-length'] ?? 0))
}
