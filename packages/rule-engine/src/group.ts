// One group's rhythm: wait for its slot, evaluate its rules one after the other (each sees what those before it
// wrote), count what was missed, go on. Stopping waits for the rule that is being evaluated and skips the rest.

import type { RuleGroupConfig } from '@promlet/config'
import type { Clock, DurationMs, Labels, Millis } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { independentRules } from './dependencies.ts'
import { type Evaluation, type EvaluationContext, evaluateRule } from './evaluate.ts'
import { initGroupMetrics, type RuleMetrics, removeGroupMetrics } from './metrics.ts'
import { type RestoreSettings, restoreAlerts } from './restore.ts'
import { createRule, nameAndLabels, type Rule } from './rule.ts'
import { groupOffset, slotBefore } from './schedule.ts'
import { type RuleGroupStatus, ruleStatus } from './status.ts'
import { writeStale } from './write.ts'

export interface GroupContext extends EvaluationContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuleMetrics
  readonly restore: RestoreSettings
  /** Of groups that set none. Read at each evaluation. */
  queryOffsetMs(): DurationMs
  /** For rules that depend on no other rule of their group: how many may be evaluated beside what goes on in order. */
  readonly places: { free: number }
}

export class RuleGroup {
  readonly key: string
  /** Equal for groups that do the same. */
  readonly identity: string
  readonly #file: string
  readonly #config: RuleGroupConfig
  readonly #intervalMs: DurationMs
  readonly #rules: readonly Rule[]
  /** Per rule. */
  readonly #independent: readonly boolean[]
  readonly #context: GroupContext
  readonly #log: Logger
  /** Per rule. */
  readonly #ruleLogs: readonly Logger[]
  readonly #abort = new AbortController()
  #state: 'new' | 'running' | 'stopping' = 'new'
  #timer: Disposable | undefined
  #iteration: Promise<void> = Promise.resolve()
  /** The slot of the last iteration. */
  #slot: Millis = 0
  /** Iterations still to run before the state from before a restart is looked up; undefined when it was. */
  #restoreAfter: number | undefined
  #evaluationTimeMs: DurationMs = 0
  #lastEvaluation: Millis | undefined
  /** Series of rules that are gone. */
  #staleSeries: readonly Labels[] = []

  /** @throws RuleError `bad-rules` */
  constructor(file: string, config: RuleGroupConfig, defaultIntervalMs: DurationMs, restores: boolean, context: GroupContext) {
    this.#file = file
    this.#config = config
    this.#intervalMs = config.intervalMs ?? defaultIntervalMs
    this.#rules = config.rules.map((rule) => createRule(rule, config.labels, !restores))
    this.#independent = context.places.free > 0 ? independentRules(this.#rules) : this.#rules.map(() => false)
    this.#context = context
    this.#log = context.logger.child({ file, group: config.name })
    this.#ruleLogs = this.#rules.map(({ name }, index) => this.#log.child({ name, index }))
    // Scraped data and recording rules may need an iteration before an alert can be found at all.
    this.#restoreAfter = restores ? 2 : undefined
    this.key = `${file};${config.name}`
    const { limit, queryOffsetMs } = config
    this.identity = JSON.stringify([this.#intervalMs, limit, queryOffsetMs, this.#rules.map(({ identity }) => identity)])
  }

  get status(): RuleGroupStatus {
    return {
      name: this.#config.name,
      file: this.#file,
      intervalMs: this.#intervalMs,
      limit: this.#config.limit,
      evaluationTimeMs: this.#evaluationTimeMs,
      lastEvaluation: this.#lastEvaluation,
      rules: this.#rules.map(ruleStatus),
    }
  }

  /** Waits for the first slot. */
  start(): void {
    initGroupMetrics(this.#context.metrics, this.key, this.#rules.length, this.#intervalMs / 1000)
    this.#state = 'running'
    this.#slot = slotBefore(this.#context.clock.now(), this.#offset(), this.#intervalMs)
    this.#schedule()
  }

  /** Resolves when no rule is being evaluated any more; with `abort`, queries and commits under way are not waited for. */
  async stop(abort = false): Promise<void> {
    this.#state = 'stopping'
    this.#timer?.[Symbol.dispose]()
    if (abort) this.#abort.abort(new Error('the rule engine is stopping'))
    await this.#iteration
  }

  /**
   * Takes over from an earlier, stopped version of the group: rules with the same name and labels keep their alerts
   * and series; the series of the others are marked stale at the next iteration.
   */
  takeOver(earlier: RuleGroup): void {
    this.#evaluationTimeMs = earlier.#evaluationTimeMs
    this.#lastEvaluation = earlier.#lastEvaluation
    const waiting = Map.groupBy(earlier.#rules, nameAndLabels)
    for (const rule of this.#rules) {
      // Of rules that are alike, the first goes with the first, the second with the second.
      const before = waiting.get(nameAndLabels(rule))?.shift()
      if (before === undefined) continue
      rule.series = before.series
      if (rule.kind !== 'alerting' || before.kind !== 'alerting') continue
      for (const [key, alert] of before.active) rule.active.set(key, alert)
    }
    const gone = [...waiting.values()].flat().flatMap(({ series }) => [...series.written.values()])
    this.#staleSeries = [...earlier.#staleSeries, ...gone]
  }

  /**
   * Stops for good. Its series are marked stale as of now, but only after two intervals, so that a group that was
   * only renamed can go on writing them. Disposing what this gives calls the marking off.
   */
  async remove(): Promise<Disposable> {
    await this.stop()
    removeGroupMetrics(this.#context.metrics, this.key)
    const now = this.#context.clock.now()
    const series = [...this.#staleSeries, ...this.#rules.flatMap((rule) => [...rule.series.written.values()])]
    return this.#context.clock.setTimer(2 * this.#intervalMs, async () => void (await this.#markStale(series, now)))
  }

  #offset(): DurationMs {
    return groupOffset(this.#file, this.#config.name, this.#intervalMs)
  }

  #schedule(): void {
    const now = this.#context.clock.now()
    // A clock that was set back by more than an interval: start again from where it is.
    if (now < this.#slot - this.#intervalMs) this.#slot = slotBefore(now, this.#offset(), this.#intervalMs)
    const delay = Math.max(0, this.#slot + this.#intervalMs - now)
    this.#timer = this.#context.clock.setTimer(delay, () => {
      this.#iteration = this.#run()
      return this.#iteration
    })
  }

  async #run(): Promise<void> {
    if (this.#state !== 'running') return
    const missed = Math.max(0, Math.floor((this.#context.clock.now() - this.#slot) / this.#intervalMs) - 1)
    if (missed > 0) {
      this.#context.metrics.iterationsMissed.inc({ rule_group: this.key }, missed)
      this.#context.metrics.iterations.inc({ rule_group: this.key }, missed)
    }
    this.#slot += (missed + 1) * this.#intervalMs
    await this.#iterate()
    await this.#restoreWhenDue()
    if (this.#state === 'running') this.#schedule()
  }

  async #iterate(): Promise<void> {
    const { clock, metrics } = this.#context
    const label = { rule_group: this.key }
    metrics.iterations.inc(label)
    const begun = clock.now()
    const start = clock.monotonic()
    await this.evaluate(this.#slot)
    this.#evaluationTimeMs = clock.monotonic() - start
    this.#lastEvaluation = begun
    metrics.iterated(this.#evaluationTimeMs / 1000)
    metrics.lastDuration.set(label, this.#evaluationTimeMs / 1000)
    metrics.lastEvaluation.set(label, begun / 1000)
  }

  /** Evaluates all rules as of `at`. Called by the group's own rhythm, and by rule unit tests. */
  async evaluate(at: Millis): Promise<void> {
    const { metrics } = this.#context
    const queryOffsetMs = this.#config.queryOffsetMs ?? this.#context.queryOffsetMs()
    const evaluation: Evaluation = {
      at,
      queryOffsetMs,
      intervalMs: this.#intervalMs,
      limit: this.#config.limit,
      group: this.key,
      signal: this.#abort.signal,
    }
    const counts: (number | Promise<number>)[] = []
    for (const [index, rule] of this.#rules.entries()) {
      if (this.#state === 'stopping') break
      const evaluated = this.#evaluateRule(rule, index, evaluation)
      counts.push(this.#independent[index] === true && this.#takePlace(evaluated) ? evaluated : await evaluated)
    }
    const samples = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
    if (this.#state === 'stopping') return
    metrics.lastSamples.set({ rule_group: this.key }, samples)
    const ruleMs = this.#rules.reduce((sum, rule) => sum + rule.evaluationMs, 0)
    metrics.lastRuleDurationSum.set({ rule_group: this.key }, ruleMs / 1000)
    if (await this.#markStale(this.#staleSeries, at - queryOffsetMs)) this.#staleSeries = []
  }

  #evaluateRule(rule: Rule, index: number, evaluation: Evaluation): Promise<number> {
    return evaluateRule(rule, evaluation, this.#context, this.#ruleLogs[index] ?? this.#log)
  }

  /** True when an evaluation may go on beside the next ones; it gives its place back when it ends. */
  #takePlace(evaluated: Promise<number>): boolean {
    const { places } = this.#context
    if (places.free === 0) return false
    places.free--
    void evaluated.finally(() => places.free++)
    return true
  }

  async #markStale(series: readonly Labels[], at: Millis): Promise<boolean> {
    try {
      await writeStale(this.#context.appendable, series, at, this.#abort.signal)
      return true
    } catch (err) {
      this.#log.warn({ err }, 'stale markers of rules that are no longer configured could not be stored')
      return false
    }
  }

  async #restoreWhenDue(): Promise<void> {
    if (this.#restoreAfter === undefined || this.#state !== 'running') return
    this.#restoreAfter--
    if (this.#restoreAfter > 0) return
    this.#restoreAfter = undefined
    const { clock, engine, metrics, restore } = this.#context
    const now = clock.now()
    const start = clock.monotonic()
    for (const rule of this.#rules) {
      if (rule.kind !== 'alerting') continue
      try {
        const restored = await restoreAlerts(rule, engine, now, restore, this.#abort.signal)
        if (restored > 0) this.#log.info({ alertname: rule.name, restored }, "'for' state restored")
      } catch (err) {
        // There is no second try: the alert waits its `for` from when it was found.
        if (!this.#abort.signal.aborted) this.#log.error({ alertname: rule.name, err }, "the 'for' state could not be restored")
      }
      rule.restored = true
    }
    metrics.lastRestoreDuration.set({ rule_group: this.key }, (clock.monotonic() - start) / 1000)
  }
}
