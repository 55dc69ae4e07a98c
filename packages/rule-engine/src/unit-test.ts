// Rule unit tests as promtool runs them: input series come in as time goes on, groups are evaluated at every step,
// alerts are looked at when their time comes, expressions at the end.
// (Prometheus: cmd/promtool/unittest.go.)

import type { RuleTestFile, RuleTestGroup } from '@promlet/config'
import {
  type Appendable,
  type Clock,
  type DurationMs,
  formatDuration,
  Labels,
  type Millis,
  type QueryEngine,
  type VectorSample,
} from '@promlet/model'
import { parseMetric, parseSequenceValues } from '@promlet/promql/syntax'
import { createRegistry, type Logger } from '@promlet/telemetry'
import { RuleError } from './error.ts'
import { RuleGroup } from './group.ts'
import { createRuleMetrics } from './metrics.ts'
import { queryVector } from './query.ts'
import { compareAlerts, compareSamples, type FoundAlertText } from './unit-test-compare.ts'
import { InputSeries } from './unit-test-input.ts'

/** An empty store with an engine over it. */
export interface RuleTestStack extends AsyncDisposable {
  readonly engine: QueryEngine
  readonly appendable: Appendable
}

export interface RuleTestOptions {
  /** Opens the stack of one test; subqueries without a step take `subqueryStepMs`. */
  openStack(options: { readonly subqueryStepMs: DurationMs }): Promise<RuleTestStack>
  readonly clock: Clock
  readonly logger: Logger
  /** Run only groups whose name matches; all when absent. */
  readonly run?: RegExp
}

export interface RuleTestResult {
  /** The name of the test group; may be empty. */
  readonly name: string
  /** What differs, in promtool's words; empty when it passed. */
  readonly failures: readonly string[]
}

/** Runs the test groups of a file, one after the other. A test that cannot be run at all has that as its failure. */
export async function runRuleTests(file: RuleTestFile, options: RuleTestOptions): Promise<readonly RuleTestResult[]> {
  const results: RuleTestResult[] = []
  for (const group of file.groups) {
    if (options.run?.test(group.name) === false) continue
    results.push({ name: group.name, failures: await runGroup(file, group, options) })
  }
  return results
}

async function runGroup(file: RuleTestFile, group: RuleTestGroup, options: RuleTestOptions): Promise<readonly string[]> {
  try {
    await using stack = await options.openStack({ subqueryStepMs: file.evaluationIntervalMs })
    const test = new GroupTest(file, group, stack, options)
    return await test.run()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

class GroupTest {
  readonly #file: RuleTestFile
  readonly #test: RuleTestGroup
  readonly #stack: RuleTestStack
  readonly #groups: readonly RuleGroup[]
  readonly #input: InputSeries
  readonly #failures: string[] = []

  constructor(file: RuleTestFile, test: RuleTestGroup, stack: RuleTestStack, { clock, logger }: RuleTestOptions) {
    this.#file = file
    this.#test = test
    this.#stack = stack
    this.#input = new InputSeries(
      test.inputSeries.map(({ series, values }) => ({ labels: parseMetric(series), values: parseSequenceValues(values) })),
      test.start,
      test.intervalMs,
    )
    const context = {
      engine: stack.engine,
      appendable: stack.appendable,
      alertSink: { send: async () => {} },
      clock,
      logger,
      metrics: createRuleMetrics(createRegistry()),
      externalUrl: test.externalUrl,
      resendDelayMs: 0,
      restore: { outageToleranceMs: 0, gracePeriodMs: 0 },
      places: { free: 0 },
      externalLabels: () => test.externalLabels,
      queryOffsetMs: () => 0,
    }
    const groups = file.ruleFiles.flatMap(({ path, groups }) =>
      groups.map((config) => ({ name: config.name, group: new RuleGroup(path, config, test.intervalMs, false, context) })),
    )
    const placeOf = (name: string) => file.groupOrder.indexOf(name)
    this.#groups = groups.toSorted((left, right) => placeOf(left.name) - placeOf(right.name)).map(({ group }) => group)
  }

  async run(): Promise<readonly string[]> {
    const { start, alertTests, exprTests } = this.#test
    const end = Math.max(0, ...alertTests.map(({ at }) => at), ...exprTests.map(({ at }) => at))
    for (let passed = 0; passed <= end; passed += this.#file.evaluationIntervalMs) {
      await this.#input.loadUntil(this.#stack.appendable, start + passed)
      const errors = await this.#evaluate(start + passed, passed)
      if (errors.length > 0) return [...this.#failures, ...errors]
      this.#checkAlerts(passed)
    }
    for (const exprTest of exprTests) await this.#checkExpr(exprTest)
    return this.#failures
  }

  async #evaluate(at: Millis, passed: DurationMs): Promise<readonly string[]> {
    const errors: string[] = []
    for (const group of this.#groups) {
      await group.evaluate(at)
      for (const { name, lastError } of group.status.rules) {
        if (lastError !== undefined) errors.push(`    rule: ${name}, time: ${formatDuration(passed)}, err: ${lastError}`)
      }
    }
    return errors
  }

  /** Tests whose time lies before the next evaluation see the alerts of this one. */
  #checkAlerts(passed: DurationMs): void {
    const due = this.#test.alertTests.filter(({ at }) => passed <= at && at < passed + this.#file.evaluationIntervalMs)
    for (const { at, alert, expected } of due.toSorted((left, right) => left.at - right.at)) {
      const wanted = expected.map(({ labels, annotations }) => ({ labels: labels.with('alertname', alert), annotations }))
      const difference = compareAlerts(wanted, this.#firing(alert))
      if (difference === undefined) continue
      const name = this.#test.name === '' ? '' : `    name: ${this.#test.name},\n`
      this.#failures.push(`${name}    alertname: ${alert}, time: ${formatDuration(at)}, ${difference}`)
    }
  }

  #firing(alert: string): readonly FoundAlertText[] {
    return this.#groups
      .flatMap(({ status }) => status.rules)
      .flatMap((rule) => (rule.kind === 'alerting' && rule.name === alert ? rule.alerts : []))
      .filter(({ state }) => state === 'firing')
  }

  async #checkExpr({ at, expr, expected }: RuleTestGroup['exprTests'][number]): Promise<void> {
    const where = `    expr: ${JSON.stringify(expr)}, time: ${formatDuration(at)},`
    try {
      const got = await queryVector(this.#stack.engine, expr, this.#test.start + at, undefined)
      const difference = compareSamples(expected.map(parseExpected), got, this.#file.fuzzyCompare)
      if (difference !== undefined) this.#failures.push(`${where}${difference}`)
    } catch (error) {
      this.#failures.push(`${where} err: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function parseExpected({ labels, value, histogram }: { labels: string; value: number; histogram: string }): VectorSample {
  try {
    const parsed = labels === '' ? Labels.empty : parseMetric(labels)
    if (histogram === '') return { labels: parsed, at: 0, value }
    const [first, ...rest] = parseSequenceValues(histogram)
    if (first?.kind !== 'histogram' || rest.length > 0) throw new Error(`expected one histogram, got ${histogram}`)
    return { labels: parsed, at: 0, value: 0, histogram: first.histogram }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RuleError('bad-test-file', `labels ${JSON.stringify(labels)}: ${reason}`, { cause: error })
  }
}
