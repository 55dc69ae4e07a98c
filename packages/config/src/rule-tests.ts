// Rule unit tests, as `promtool test rules` reads them (Prometheus: docs/configuration/unit_testing_rules.md).

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type DurationMs, formatDuration, Labels, type Millis, parseFloatGo } from '@promlet/model'
import { glob } from './glob.ts'
import { ConfigError, type Problem, unreadable } from './problem.ts'
import { type RuleFile, type RuleOptions, readRuleFile } from './rules.ts'
import { checked, list, mapOf, place, section, type Values } from './schema/field.ts'
import { bool, duration, text, texts } from './schema/scalar.ts'
import { type At, below, isEmpty, openYaml, report } from './schema/yaml-file.ts'

/** One file of rule unit tests, with the rule files that it names. */
export interface RuleTestFile {
  readonly path: string
  readonly ruleFiles: readonly RuleFile[]
  /** Patterns in `rule_files` that match nothing. */
  readonly unmatchedPatterns: readonly string[]
  /** How often rules are evaluated. */
  readonly evaluationIntervalMs: DurationMs
  /** Names of groups in the order in which they are evaluated; others come first. */
  readonly groupOrder: readonly string[]
  /** Floats that are neighbours count as equal. */
  readonly fuzzyCompare: boolean
  readonly groups: readonly RuleTestGroup[]
}

export interface RuleTestGroup {
  readonly name: string
  /** The distance of the samples of the input series. */
  readonly intervalMs: DurationMs
  /** When the test begins; times in it count from here. */
  readonly start: Millis
  /** In the notation of series: `up{job="node"}` and `0+1x10`. */
  readonly inputSeries: readonly { readonly series: string; readonly values: string }[]
  readonly alertTests: readonly AlertTest[]
  readonly exprTests: readonly ExprTest[]
  readonly externalLabels: Labels
  readonly externalUrl: string
}

/** What fires under a name at a time. */
export interface AlertTest {
  readonly at: DurationMs
  readonly alert: string
  /** Labels without `alertname`. */
  readonly expected: readonly { readonly labels: Labels; readonly annotations: Labels }[]
}

/** What an expression gives at a time. */
export interface ExprTest {
  readonly at: DurationMs
  readonly expr: string
  /** Labels and histogram in the notation of series; an empty histogram means that `value` holds. */
  readonly expected: readonly { readonly labels: string; readonly value: number; readonly histogram: string }[]
}

const number = checked(text(), (found) =>
  toNumber(found) === undefined ? `cannot unmarshal ${found} into float64; expected a number` : undefined,
)
const startTime = checked(text(), (found) =>
  toStart(found) === undefined
    ? `invalid start_timestamp ${JSON.stringify(found)}; expected a time such as 2024-01-01T00:00:00Z or seconds since 1970`
    : undefined,
)

const seriesFields = { series: text(), values: text() }
const alertFields = { exp_labels: mapOf(text()), exp_annotations: mapOf(text()) }
const alertTestFields = { eval_time: duration(), alertname: text(), exp_alerts: list(section('main.alert', alertFields)) }
const sampleFields = { labels: text(), value: number, histogram: text() }
const exprTestFields = { expr: text(), eval_time: duration(), exp_samples: list(section('main.sample', sampleFields)) }

const groupFields = {
  interval: duration(),
  input_series: list(section('main.series', seriesFields)),
  alert_rule_test: list(section('main.alertTestCase', alertTestFields, checkAlertTest)),
  promql_expr_test: list(section('main.promqlTestCase', exprTestFields)),
  external_labels: mapOf(text()),
  external_url: text(),
  name: text(),
  start_timestamp: startTime,
}
type GroupValues = Values<typeof groupFields>

const fileFields = {
  rule_files: texts(),
  evaluation_interval: duration(60_000),
  group_eval_order: texts(),
  tests: list(section('main.testGroup', groupFields)),
  fuzzy_compare: bool(),
}
const fileSection = section('main.unitTestFile', fileFields, checkOrder)
type FileValues = Values<typeof fileFields>

/**
 * Reads a file of rule unit tests and the rule files that it names.
 * @throws ConfigError with all that is wrong in any of them.
 */
export async function loadRuleTestFile(path: string, options: RuleOptions = {}): Promise<RuleTestFile> {
  const contents = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError([unreadable(path, error)], { cause: error })
  })
  const root = openYaml(contents, path, options)
  const { problems } = root.file
  const values = problems.length > 0 || isEmpty(root) ? fileSection.missing(root) : fileSection.read(root)
  const rules = await readRules(values.rule_files, dirname(path), options)
  const all = [...problems, ...rules.problems]
  if (all.length > 0) throw new ConfigError(all)
  return {
    path: resolve(path),
    ruleFiles: rules.files,
    unmatchedPatterns: rules.unmatched,
    evaluationIntervalMs: values.evaluation_interval || 60_000,
    groupOrder: values.group_eval_order,
    fuzzyCompare: values.fuzzy_compare,
    groups: values.tests.map((group) => toGroup(group, values.evaluation_interval || 60_000)),
  }
}

async function readRules(patterns: readonly string[], folder: string, options: RuleOptions) {
  const problems: Problem[] = []
  const files: RuleFile[] = []
  const unmatched: string[] = []
  for (const pattern of patterns) {
    const paths = await glob(resolve(folder, pattern))
    if (paths.length === 0) unmatched.push(pattern)
    for (const read of await Promise.all(paths.map((path) => readRuleFile(path, options)))) {
      problems.push(...read.problems)
      files.push(read.file)
    }
  }
  return { files, problems, unmatched }
}

function checkOrder({ group_eval_order: order, [place]: at }: FileValues): void {
  for (const [index, name] of order.entries()) {
    if (order.indexOf(name) < index) report(below(at, 'group_eval_order', index), `group name repeated in evaluation order: ${name}`)
  }
}

function checkAlertTest({ alertname, eval_time: at, [place]: where }: Values<typeof alertTestFields> & { readonly [place]: At }): void {
  if (alertname !== '') return
  report(where, `an item under alert_rule_test misses required attribute alertname at eval_time ${formatDuration(at)}`)
}

function toGroup(values: GroupValues, evaluationIntervalMs: DurationMs): RuleTestGroup {
  return {
    name: values.name,
    intervalMs: values.interval || evaluationIntervalMs,
    start: toStart(values.start_timestamp) ?? 0,
    inputSeries: values.input_series.map(({ series, values: samples }) => ({ series, values: samples })),
    alertTests: values.alert_rule_test.map((alertTest) => ({
      at: alertTest.eval_time,
      alert: alertTest.alertname,
      expected: alertTest.exp_alerts.map((alert) => ({
        labels: Labels.of(alert.exp_labels),
        annotations: Labels.of(alert.exp_annotations),
      })),
    })),
    exprTests: values.promql_expr_test.map((exprTest) => ({
      at: exprTest.eval_time,
      expr: exprTest.expr,
      expected: exprTest.exp_samples.map(({ labels, value, histogram }) => ({ labels, value: toNumber(value) ?? 0, histogram })),
    })),
    externalLabels: Labels.of(values.external_labels),
    externalUrl: values.external_url,
  }
}

/** A YAML float; a missing one is 0. */
function toNumber(found: string): number | undefined {
  if (found === '') return 0
  return parseFloatGo(found.replace(/^([-+]?)\.(inf|nan)$/i, '$1$2'))
}

/** Seconds since 1970, or a time with its zone; a missing one is the start of 1970. */
function toStart(found: string): Millis | undefined {
  if (found === '') return 0
  const seconds = parseFloatGo(found)
  if (seconds !== undefined) return Math.round(seconds * 1000)
  const isTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(found)
  const at = isTime ? Date.parse(found) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
