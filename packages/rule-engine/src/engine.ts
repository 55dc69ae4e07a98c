import type { RuleFile } from '@promlet/config'
import type { AlertSink, Appendable, Clock, Component, DurationMs, Labels, QueryEngine } from '@promlet/model'
import type { Logger, Registry } from '@promlet/telemetry'
import { type GroupContext, RuleGroup } from './group.ts'
import { createRuleMetrics } from './metrics.ts'
import type { RuleGroupStatus } from './status.ts'

/** The part of the configuration that the rule engine reads. */
export interface RuleEngineConfig {
  readonly ruleFiles: readonly RuleFile[]
  /** Of groups that set no interval. */
  readonly evaluationIntervalMs: DurationMs
  /** Of groups that set none. */
  readonly queryOffsetMs: DurationMs
  /** For templates; the notifier adds them to the alerts. */
  readonly externalLabels: Labels
}

export interface RuleEngineOptions {
  readonly config: RuleEngineConfig
  readonly engine: QueryEngine
  readonly appendable: Appendable
  readonly alertSink: AlertSink
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  /** What links in alerts start with; no slash at the end. */
  readonly externalUrl: string
  /** A firing alert is sent again after more than this; a minute by default. */
  readonly resendDelayMs?: DurationMs
  /** After a restart an alert waits at least this long before it fires; ten minutes by default. */
  readonly forGracePeriodMs?: DurationMs
  /** The longest outage after which the `for` state is restored; an hour by default. */
  readonly forOutageToleranceMs?: DurationMs
  /** Rules that depend on no other of their group may run beside them, so many at a time over all groups; none by default. */
  readonly concurrency?: number
}

export interface RuleEngine extends Component<RuleEngineConfig> {
  /** A copy of the state, by file and name. */
  groups(): readonly RuleGroupStatus[]
}

const MINUTE = 60_000

/**
 * Starts evaluating rules: each group on its own slots, each rule after the one before it was stored.
 * `reload` keeps groups that did not change with their timers and alerts; in one that did, rules with the same name
 * and labels keep theirs.
 * @throws RuleError `bad-rules`, also from `reload`: then nothing changes.
 */
export async function startRuleEngine(options: RuleEngineOptions): Promise<RuleEngine> {
  return new Engine(options)
}

class Engine implements RuleEngine {
  readonly #context: GroupContext
  #config: RuleEngineConfig
  #groups = new Map<string, RuleGroup>()
  /** Stale markers to come of groups that are gone. */
  readonly #leaving: Disposable[] = []
  #closed: Promise<void> | undefined
  #reloading: Promise<void> = Promise.resolve()

  constructor(options: RuleEngineOptions) {
    this.#config = options.config
    this.#context = {
      engine: options.engine,
      appendable: options.appendable,
      alertSink: options.alertSink,
      clock: options.clock,
      logger: options.logger,
      metrics: createRuleMetrics(options.registry),
      externalUrl: options.externalUrl,
      resendDelayMs: options.resendDelayMs ?? MINUTE,
      restore: {
        gracePeriodMs: options.forGracePeriodMs ?? 10 * MINUTE,
        outageToleranceMs: options.forOutageToleranceMs ?? 60 * MINUTE,
      },
      places: { free: options.concurrency ?? 0 },
      externalLabels: () => this.#config.externalLabels,
      queryOffsetMs: () => this.#config.queryOffsetMs,
    }
    this.#groups = this.#create(options.config, true)
    for (const group of this.#groups.values()) group.start()
  }

  groups(): readonly RuleGroupStatus[] {
    const statuses = [...this.#groups.values()].map(({ status }) => status)
    return statuses.sort((left, right) => compare(left.file, right.file) || compare(left.name, right.name))
  }

  ready(): boolean {
    return this.#closed === undefined
  }

  async reload(config: RuleEngineConfig): Promise<void> {
    // What is wrong shows before anything changes.
    const next = this.#create(config, false)
    this.#reloading = this.#reloading.then(() => this.#apply(config, next))
    await this.#reloading
  }

  async close(): Promise<void> {
    this.#closed ??= this.#stop()
    await this.#closed
  }

  #create(config: RuleEngineConfig, restores: boolean): Map<string, RuleGroup> {
    const groups = new Map<string, RuleGroup>()
    for (const { path, groups: configs } of config.ruleFiles) {
      for (const groupConfig of configs) {
        const group = new RuleGroup(path, groupConfig, config.evaluationIntervalMs, restores, this.#context)
        groups.set(group.key, group)
      }
    }
    return groups
  }

  async #apply(config: RuleEngineConfig, next: ReadonlyMap<string, RuleGroup>): Promise<void> {
    if (this.#closed !== undefined) return
    const earlier = this.#groups
    this.#config = config
    this.#groups = new Map([...next].map(([key, group]) => [key, keepIfSame(earlier.get(key), group)] as const))
    const gone = [...earlier].filter(([key]) => !this.#groups.has(key)).map(([, group]) => group)
    const begun = [...this.#groups].filter(([key, group]) => earlier.get(key) !== group).map(([, group]) => group)
    await Promise.all([
      ...begun.map((group) => this.#begin(group, earlier.get(group.key))),
      ...gone.map(async (group) => void this.#leaving.push(await group.remove())),
    ])
  }

  async #begin(group: RuleGroup, earlier: RuleGroup | undefined): Promise<void> {
    if (earlier !== undefined) {
      await earlier.stop()
      group.takeOver(earlier)
    }
    if (this.#closed === undefined) group.start()
  }

  async #stop(): Promise<void> {
    for (const timer of this.#leaving.splice(0)) timer[Symbol.dispose]()
    await Promise.all([...this.#groups.values()].map((group) => group.stop(true)))
    await this.#reloading
    for (const timer of this.#leaving.splice(0)) timer[Symbol.dispose]()
  }
}

function keepIfSame(earlier: RuleGroup | undefined, next: RuleGroup): RuleGroup {
  return earlier?.identity === next.identity ? earlier : next
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
