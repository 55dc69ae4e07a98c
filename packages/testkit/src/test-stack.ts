import { type PrometheusConfig, parsePrometheusConfig, parseRuleFile } from '@promlet/config'
import { type DurationMs, type Millis, parseDuration } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { ruleChecks } from '@promlet/rule-engine'
import { defaultSettings, type Stack, type StackSettings, startStack } from '@promlet/server'
import { silentLogger } from '@promlet/telemetry'
import { FakeNetwork, type FakeTarget, type Notification } from './fake-network.ts'

export interface TestStackOptions {
  /** The text of a `prometheus.yml`; `rule_files` in it are not read, see `rules`. */
  readonly config: string
  /** The text of a rule file. */
  readonly rules?: string
  /** Servers that exist only in this test, by `host:port`. Everything else refuses connections. */
  readonly targets?: Readonly<Record<string, FakeTarget>>
  /** When it is at the beginning; 2026-01-01T00:00:00Z when absent. */
  readonly startAt?: Millis
  /** What differs from the defaults of `promlet serve`. */
  readonly settings?: Partial<StackSettings>
}

/** One series of an answer at one time. */
export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The whole stack inside a test: no sockets, no files, and time moves only by `advance`. */
export interface TestStack extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly network: FakeNetwork
  readonly stack: Stack
  /** Moves time, such as `'10m'`: everything that becomes due runs, in order, and has ended when this resolves. */
  advance(duration: string | DurationMs): Promise<void>
  /** Evaluates PromQL now. A scalar is one result without labels. @throws QueryError */
  query(expr: string): Promise<readonly QueryResult[]>
  /** What the Alertmanagers of the configuration were sent so far. */
  notifications(): readonly Notification[]
  /** The JSON of an API path, such as `/api/v1/targets`. */
  api(path: string): Promise<unknown>
  /** What `/metrics` tells of the stack itself. */
  metrics(): Promise<string>
  /** Takes over new texts as `POST /-/reload` does. @throws ConfigError, and nothing has changed. */
  reload(options: Pick<TestStackOptions, 'config' | 'rules'>): Promise<void>
}

const START_AT = Date.UTC(2026, 0, 1)

/** Starts it. Leave the scope (`await using`) to stop it. @throws ConfigError for texts that cannot be used. */
export async function startTestStack(options: TestStackOptions): Promise<TestStack> {
  const clock = new VirtualClock(options.startAt ?? START_AT)
  const network = new FakeNetwork(options.targets ?? {})
  const settings: StackSettings = {
    ...defaultSettings,
    components: new Set(['scraper', 'tsdb', 'rule-engine']),
    version: 'test',
    ...options.settings,
  }
  const stack = await startStack(settings, { clock, logger: silentLogger, httpClient: network.clients, config: readTexts(options) })
  return {
    clock,
    network,
    stack,
    advance: (duration) => clock.advance(typeof duration === 'number' ? duration : parseDuration(duration)),
    query: (expr) => query(stack, expr, clock.now()),
    notifications: () => network.notifications,
    api: async (path) => (await stack.app?.inject({ method: 'GET', url: path }))?.json(),
    metrics: async () => (await stack.app?.inject({ method: 'GET', url: '/metrics' }))?.body ?? '',
    reload: async (texts) => stack.reload(readTexts(texts)),
    [Symbol.asyncDispose]: () => stack.close(),
  }
}

function readTexts({ config, rules }: Pick<TestStackOptions, 'config' | 'rules'>): PrometheusConfig {
  const read = parsePrometheusConfig(config, { file: 'prometheus.yml' })
  return rules === undefined ? read : { ...read, ruleFiles: [parseRuleFile(rules, { file: 'rules.yml', ...ruleChecks })] }
}

async function query({ live }: Stack, expr: string, at: Millis): Promise<readonly QueryResult[]> {
  const answer = await live.engine?.instant(expr, at)
  if (answer === undefined) throw new RangeError('nothing in this stack answers queries: its components lack tsdb')
  const { value } = answer
  switch (value.kind) {
    case 'scalar':
      return [{ labels: {}, value: value.value }]
    case 'vector':
      return value.samples.map((sample) => ({ labels: sample.labels.toJSON(), value: sample.value }))
    default:
      throw new RangeError(`expected a query for a vector or a scalar, and ${expr} gives a ${value.kind}`)
  }
}
