// The stack in a test of the server: time stands until it is advanced, and targets are texts.

import { type PrometheusConfig, parsePrometheusConfig, parseRuleFile } from '@promlet/config'
import { createServer, type FastifyInstance, type HttpClientFactory, HttpError, type HttpRequest } from '@promlet/http'
import { VirtualClock } from '@promlet/model/testing'
import { ruleChecks } from '@promlet/rule-engine'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { defaultSettings, type Stack, type StackSettings, startStack } from '../src/index.ts'

/** 2026-01-01T00:00:00Z */
export const START = Date.UTC(2026, 0, 1)

export interface LabOptions {
  readonly config?: string
  /** Texts of rule files by their names. */
  readonly rules?: Readonly<Record<string, string>>
  /** Expositions by URL; all others refuse connections. */
  readonly targets?: Readonly<Record<string, string>>
  readonly settings?: Partial<StackSettings>
}

export interface Lab extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly stack: Stack
  /** The answer to a GET: its status, headers and body. */
  get(url: string, headers?: Record<string, string>): Promise<{ readonly status: number; readonly headers: object; readonly body: string }>
  /** `data` of the answer to a GET, or the whole answer when it is none. */
  data(url: string): Promise<unknown>
}

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const clock = new VirtualClock(START)
  const settings = {
    ...defaultSettings,
    components: new Set(['scraper', 'tsdb', 'rule-engine'] as const),
    version: '0.1.0',
    ...options.settings,
  }
  const stack = await startStack(settings, {
    clock,
    logger: silentLogger,
    httpClient: clientsOf(options.targets ?? {}),
    config: readConfig(options),
  })
  const get: Lab['get'] = async (url, headers = {}) => {
    const answer = await (stack.app as FastifyInstance).inject({ method: 'GET', url, headers })
    return { status: answer.statusCode, headers: answer.headers, body: answer.body }
  }
  const data: Lab['data'] = async (url) => {
    const answer = JSON.parse((await get(url)).body)
    return answer.data ?? answer
  }
  return { clock, stack, get, data, [Symbol.asyncDispose]: () => stack.close() }
}

function readConfig({ config = '', rules = {} }: LabOptions): PrometheusConfig {
  const read = parsePrometheusConfig(config, { file: '/etc/prometheus.yml' })
  const ruleFiles = Object.entries(rules).map(([name, text]) => parseRuleFile(text, { file: `/etc/${name}`, ...ruleChecks }))
  return { ...read, ruleFiles }
}

/** Clients for servers that are only texts. */
export function clientsOf(texts: Readonly<Record<string, string>>, asked: HttpRequest[] = []): HttpClientFactory {
  const request = async (request: HttpRequest) => {
    asked.push(request)
    const text = texts[request.url]
    if (text === undefined) throw new HttpError('connect', `Get "${request.url}": connection refused`)
    const type = text.startsWith('{') ? 'application/json' : 'text/plain; version=0.0.4'
    return { status: 200, headers: { 'content-type': type }, body: new TextEncoder().encode(text) }
  }
  return () => ({ request, close: async () => {} })
}

/** A server without routes, for one handler. */
export function bareServer(): FastifyInstance {
  return createServer({
    listenAddress: '127.0.0.1:0',
    logger: silentLogger,
    registry: createRegistry(),
    bodyBytesMax: 1000,
    readTimeoutMs: 1000,
    maxConnections: 10,
  }).app
}
