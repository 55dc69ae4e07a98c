import type { DurationMs } from '@promlet/model'
import type { EngineFeatures } from '@promlet/promql'

export type ComponentName = 'scraper' | 'tsdb' | 'rule-engine' | 'pushgateway'

export const COMPONENTS: readonly ComponentName[] = ['scraper', 'tsdb', 'rule-engine', 'pushgateway']

/** Everything that is decided at start: flags of the command line, or options of the test kit. */
export interface StackSettings {
  readonly components: ReadonlySet<ComponentName>
  /** Absent for processes that need none (the Pushgateway alone, a store that others write to). */
  readonly configFile: string | undefined
  readonly web: WebSettings
  readonly storage: StorageSettings
  readonly query: QuerySettings
  readonly rules: RuleSettings
  readonly notifier: { readonly queueCapacity: number; readonly drainOnShutdown: boolean }
  readonly remoteFlushDeadlineMs: DurationMs
  /** Most samples that one remote read returns; 0 is no limit. */
  readonly remoteReadSamplesMax: number
  readonly pushgateway: PushgatewaySettings
  /** Names given with `--enable-feature`: see feature-flags.ts. */
  readonly features: ReadonlySet<string>
  /** Where the parts run that this process does not, so that its API can answer for them; no slash at the end. */
  readonly elsewhere: { readonly scraper: string | undefined; readonly ruleEngine: string | undefined; readonly query: string | undefined }
  /** For `/api/v1/status/flags`. */
  readonly flags: Readonly<Record<string, string>>
  /** `Promlet`'s own version. */
  readonly version: string
}

export interface WebSettings {
  /** `host:port`; port 0 takes a free one. Undefined: no port is opened (the test kit asks in process). */
  readonly listenAddress: string | undefined
  readonly configFile: string | undefined
  /** What links in alerts and on the page start with; derived from the listen address when absent. */
  readonly externalUrl: string | undefined
  readonly routePrefix: string
  readonly enableLifecycle: boolean
  readonly enableAdminApi: boolean
  readonly enableRemoteWriteReceiver: boolean
  readonly corsOrigin: string
  readonly pageTitle: string
  readonly readTimeoutMs: DurationMs
  readonly maxConnections: number
}

export interface StorageSettings {
  /** A folder, or `:memory:`. */
  readonly path: string
  readonly retentionTimeMs: DurationMs
  /** 0: no limit. */
  readonly retentionSizeBytes: number
}

export interface QuerySettings {
  readonly lookbackMs: DurationMs
  readonly timeoutMs: DurationMs
  readonly maxConcurrency: number
  readonly samplesMax: number
  /** What is not said here follows `StackSettings.features`. */
  readonly features?: Partial<EngineFeatures>
}

export interface RuleSettings {
  readonly forOutageToleranceMs: DurationMs
  readonly forGracePeriodMs: DurationMs
  readonly resendDelayMs: DurationMs
}

export interface PushgatewaySettings {
  readonly listenAddress: string | undefined
  readonly configFile: string | undefined
  readonly persistenceFile: string | undefined
  readonly persistenceIntervalMs: DurationMs
  readonly telemetryPath: string
  readonly routePrefix: string
  readonly enableLifecycle: boolean
  readonly enableAdminApi: boolean
  readonly disableConsistencyCheck: boolean
  readonly enableUtf8Names: boolean
}

const MINUTE = 60_000

/** Prometheus's defaults, with everything in this process, in memory and without a port. */
export const defaultSettings: StackSettings = {
  components: new Set(COMPONENTS),
  configFile: undefined,
  web: {
    listenAddress: undefined,
    configFile: undefined,
    externalUrl: undefined,
    routePrefix: '/',
    enableLifecycle: false,
    enableAdminApi: false,
    enableRemoteWriteReceiver: false,
    corsOrigin: '.*',
    pageTitle: 'Promlet',
    readTimeoutMs: 5 * MINUTE,
    maxConnections: 512,
  },
  storage: { path: ':memory:', retentionTimeMs: 15 * 24 * 60 * MINUTE, retentionSizeBytes: 0 },
  query: { lookbackMs: 5 * MINUTE, timeoutMs: 2 * MINUTE, maxConcurrency: 20, samplesMax: 50_000_000 },
  rules: { forOutageToleranceMs: 60 * MINUTE, forGracePeriodMs: 10 * MINUTE, resendDelayMs: MINUTE },
  notifier: { queueCapacity: 10_000, drainOnShutdown: true },
  remoteFlushDeadlineMs: MINUTE,
  remoteReadSamplesMax: 50_000_000,
  pushgateway: {
    listenAddress: undefined,
    configFile: undefined,
    persistenceFile: undefined,
    persistenceIntervalMs: 5 * MINUTE,
    telemetryPath: '/metrics',
    routePrefix: '/',
    enableLifecycle: false,
    enableAdminApi: false,
    disableConsistencyCheck: false,
    enableUtf8Names: false,
  },
  features: new Set(),
  elsewhere: { scraper: undefined, ruleEngine: undefined, query: undefined },
  flags: {},
  version: '',
}
