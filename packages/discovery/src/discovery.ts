import type { DiscoveryConfig } from '@promlet/config'
import type { Clock, Component, DurationMs } from '@promlet/model'
import type { Logger, Registry } from '@promlet/telemetry'
import { startFileDiscovery } from './file.ts'
import { type DiscoveryMetrics, discoveryMetrics } from './metrics.ts'
import type { Provider } from './provider.ts'
import { type TargetGroup, toTargetGroup } from './target-group.ts'
import { Throttle } from './throttle.ts'

/** Ways to find targets, by the name of the scrape job or of the set of Alertmanagers that they are for. */
export type DiscoveryConfigs = ReadonlyMap<string, readonly DiscoveryConfig[]>

/** All groups that are known, by the same names; a name whose discoveries found nothing has an empty list. */
export type TargetGroups = ReadonlyMap<string, readonly TargetGroup[]>

export interface DiscoveryOptions {
  /** Whose discovery it is, as the metrics say it. */
  readonly name: 'scrape' | 'notify'
  readonly config: DiscoveryConfigs
  /** Called with everything that is known: at the start, after each reload, and when something changed. */
  readonly onUpdate: (groups: TargetGroups) => void
  /** Changes are passed on at most once in this time; at the start and after a reload at once. Default: 5 s. */
  readonly updateIntervalMs?: DurationMs
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
}

/** Finds targets. `close` ends it without a last update. */
export type Discovery = Component<DiscoveryConfigs>

const UPDATE_INTERVAL_MS = 5000

/** Reads everything once, tells it to `onUpdate`, then watches. */
export async function startDiscovery(options: DiscoveryOptions): Promise<Discovery> {
  const discovery = new DiscoveryManager(options)
  await discovery.reload(options.config)
  return discovery
}

/** A running discovery of one name with the configuration it was made from. */
interface Entry {
  readonly key: string
  readonly provider: Provider
}

class DiscoveryManager implements Discovery {
  readonly #options: DiscoveryOptions
  readonly #metrics: DiscoveryMetrics
  readonly #throttle: Throttle
  #entries: ReadonlyMap<string, readonly Entry[]>
  #isReady: boolean
  #closing: Promise<void> | undefined
  /** A change while a reload goes on is told at its end. */
  #isReloading: boolean

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#metrics = discoveryMetrics(options.registry)
    this.#throttle = new Throttle(options.clock, options.updateIntervalMs ?? UPDATE_INTERVAL_MS, () => this.#send())
    this.#entries = new Map()
    this.#isReady = false
    this.#closing = undefined
    this.#isReloading = false
  }

  async reload(config: DiscoveryConfigs): Promise<void> {
    this.#isReloading = true
    const unused = new Set([...this.#entries.values()].flat())
    const entries = new Map<string, readonly Entry[]>()
    for (const [name, discoveries] of config) {
      entries.set(name, await Promise.all(discoveries.map((discovery) => this.#entry(name, discovery, unused))))
    }
    for (const name of this.#entries.keys()) {
      if (!entries.has(name)) this.#metrics.discoveredTargets.remove({ name: this.#options.name, config: name })
    }
    this.#entries = entries
    await Promise.all([...unused].map(({ provider }) => provider.close()))
    this.#isReloading = false
    this.#isReady = true
    this.#throttle.now()
  }

  /** The running entry of this configuration, taken out of `unused`, or a new one. */
  async #entry(name: string, config: DiscoveryConfig, unused: Set<Entry>): Promise<Entry> {
    const key = JSON.stringify([name, config])
    for (const entry of unused) {
      if (entry.key === key && unused.delete(entry)) return entry
    }
    return { key, provider: await this.#start(config) }
  }

  async #start(config: DiscoveryConfig): Promise<Provider> {
    if (config.kind === 'static') return staticProvider(config.groups.map((group, index) => toTargetGroup(group, String(index))))
    const { clock, logger } = this.#options
    return startFileDiscovery(config, { clock, logger, metrics: this.#metrics, onChange: () => this.#changed() })
  }

  #changed(): void {
    const { name } = this.#options
    this.#metrics.receivedUpdates.inc({ name })
    if (this.#isReloading || this.#closing !== undefined) return
    if (!this.#throttle.trigger()) this.#metrics.delayedUpdates.inc({ name })
  }

  #send(): void {
    const { name, onUpdate } = this.#options
    const groups = new Map<string, readonly TargetGroup[]>()
    for (const [config, entries] of this.#entries) {
      const found = entries.flatMap(({ provider }) => provider.groups())
      groups.set(config, found)
      const targets = found.reduce((sum, group) => sum + group.targets.length, 0)
      this.#metrics.discoveredTargets.set({ name, config }, targets)
    }
    this.#metrics.sentUpdates.inc({ name })
    onUpdate(groups)
  }

  ready(): boolean {
    return this.#isReady && this.#closing === undefined
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    this.#throttle[Symbol.dispose]()
    await Promise.all([...this.#entries.values()].flat().map(({ provider }) => provider.close()))
  }
}

function staticProvider(groups: readonly TargetGroup[]): Provider {
  return { groups: () => groups, close: async () => {} }
}
