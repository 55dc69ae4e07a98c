import type { AlertingConfig, AlertmanagersConfig } from '@promlet/config'
import { type Discovery, type DiscoveryConfigs, startDiscovery, type TargetGroups } from '@promlet/discovery'
import type { HttpClientFactory } from '@promlet/http'
import {
  type Alert,
  type AlertSink,
  type Clock,
  type Component,
  compileRelabel,
  type DurationMs,
  type Labels,
  type Relabel,
} from '@promlet/model'
import type { Logger, Registry } from '@promlet/telemetry'
import { AlertmanagerSet } from './alertmanager-set.ts'
import { createNotifierMetrics, type NotifierMetrics } from './metrics.ts'
import { relabelAlerts } from './payload.ts'

/** The part of the configuration that the notifier reads. */
export interface NotifierConfig {
  readonly alerting: AlertingConfig
  /** Added to alerts that do not have them. */
  readonly externalLabels: Labels
}

export interface NotifierOptions {
  readonly config: NotifierConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly httpClient: HttpClientFactory
  /** Alerts that wait for one Alertmanager; beyond, the oldest are dropped and counted. Default: 10,000. */
  readonly queueCapacity?: number
  /** Alerts in one request. Default: 64. */
  readonly batchMax?: number
  /** Send what is queued before `close` ends; true by default. */
  readonly drainOnShutdown?: boolean
  /** How long that may take. Default: 3 s, since a container is killed ten seconds after it was asked to stop. */
  readonly drainTimeoutMs?: DurationMs
  /** Changes that discovery finds are taken at most once in this time. Default: 5 s. */
  readonly discoveryIntervalMs?: DurationMs
}

export interface AlertmanagerStatus {
  /** With scheme, path prefix and `/api/v2/alerts`. */
  readonly url: string
}

/** Sends alerts to all Alertmanagers that are configured or found. `send` only queues: it resolves at once. */
export interface Notifier extends Component<NotifierConfig>, AlertSink {
  alertmanagers(): { readonly active: readonly AlertmanagerStatus[]; readonly dropped: readonly AlertmanagerStatus[] }
}

const DEFAULTS = { queueCapacity: 10_000, batchMax: 64, drainOnShutdown: true, drainTimeoutMs: 3_000 }

/**
 * Starts the notifier; statically configured Alertmanagers are known when it resolves. `reload` keeps the queues of
 * sections that did not change.
 */
export async function startNotifier(options: NotifierOptions): Promise<Notifier> {
  const notifier = new QueueingNotifier(options)
  await notifier.start()
  return notifier
}

class QueueingNotifier implements Notifier {
  readonly #options: NotifierOptions & typeof DEFAULTS
  readonly #metrics: NotifierMetrics
  #config: NotifierConfig
  #relabel: Relabel
  #sets: ReadonlyMap<string, AlertmanagerSet> = new Map()
  #discovery: Discovery | undefined
  #closing: Promise<void> | undefined

  constructor(options: NotifierOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#config = options.config
    this.#relabel = compileRelabel(options.config.alerting.alertRelabelConfigs)
    this.#metrics = createNotifierMetrics(options.registry, this.#options.queueCapacity, () => this.alertmanagers().active.length)
  }

  async start(): Promise<void> {
    const { clock, logger, registry, discoveryIntervalMs } = this.#options
    this.#sets = this.#createSets(new Map())
    this.#discovery = await startDiscovery({
      name: 'notify',
      config: this.#discoveryConfigs(),
      onUpdate: (groups) => this.#update(groups),
      ...(discoveryIntervalMs !== undefined && { updateIntervalMs: discoveryIntervalMs }),
      clock,
      logger,
      registry,
    })
  }

  async send(alerts: readonly Alert[]): Promise<void> {
    if (this.#closing !== undefined) return
    const relabelled = relabelAlerts(alerts, this.#config.externalLabels, this.#relabel)
    if (relabelled.length === 0) return
    for (const set of this.#sets.values()) set.send(relabelled)
  }

  alertmanagers(): ReturnType<Notifier['alertmanagers']> {
    const sets = [...this.#sets.values()]
    return {
      active: sets.flatMap(({ active }) => active.map((url) => ({ url }))),
      dropped: sets.flatMap(({ dropped }) => dropped.map((url) => ({ url }))),
    }
  }

  ready(): boolean {
    return this.#discovery?.ready() === true && this.#closing === undefined
  }

  async reload(config: NotifierConfig): Promise<void> {
    if (this.#closing !== undefined) return
    this.#relabel = compileRelabel(config.alerting.alertRelabelConfigs)
    this.#config = config
    const earlier = this.#sets
    this.#sets = this.#createSets(earlier)
    const kept = new Set(this.#sets.values())
    const gone = [...earlier.values()].filter((set) => !kept.has(set))
    await this.#discovery?.reload(this.#discoveryConfigs())
    await Promise.all(gone.map((set) => set.close()))
  }

  async close(): Promise<void> {
    this.#closing ??= this.#stop()
    await this.#closing
  }

  async #stop(): Promise<void> {
    await this.#discovery?.close()
    await Promise.all([...this.#sets.values()].map((set) => set.close()))
  }

  /** One set per section, by what the section says; a section that was there before keeps its set. */
  #createSets(earlier: ReadonlyMap<string, AlertmanagerSet>): ReadonlyMap<string, AlertmanagerSet> {
    return new Map(this.#sections().map(([key, section]) => [key, earlier.get(key) ?? this.#createSet(section)] as const))
  }

  #createSet(config: AlertmanagersConfig): AlertmanagerSet {
    const { httpClient, clock, logger, queueCapacity, batchMax, drainOnShutdown, drainTimeoutMs } = this.#options
    return new AlertmanagerSet({
      config,
      httpClient,
      clock,
      logger,
      metrics: this.#metrics,
      queueCapacity,
      batchMax,
      stopLoop: (loop) => loop.stop(drainOnShutdown, drainTimeoutMs),
    })
  }

  /** The sections by their text; equal ones get a number, so that both are kept. */
  #sections() {
    return this.#config.alerting.alertmanagers.map((section, index, all) => {
      const text = JSON.stringify(section)
      const before = all.slice(0, index).filter((other) => JSON.stringify(other) === text).length
      return [`${before}:${text}`, section] as const
    })
  }

  #discoveryConfigs(): DiscoveryConfigs {
    return new Map(this.#sections().map(([, { discovery }], index) => [`config-${index}`, discovery] as const))
  }

  #update(groups: TargetGroups): void {
    for (const [index, set] of [...this.#sets.values()].entries()) set.update(groups.get(`config-${index}`) ?? [])
  }
}
