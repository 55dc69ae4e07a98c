// Configurations and rule files against what promtool says of them: promtool/config, check-config and check-rules of
// the conformance data. Lints have a runner of their own.

import {
  ConfigError,
  type ConfigOptions,
  loadPrometheusConfig,
  loadRuleFile,
  type PrometheusConfig,
  parsePrometheusConfig,
  parseTargetGroups,
  type RuleOptions,
} from '@promlet/config'
import { ruleChecks } from '@promlet/rule-engine'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { conformanceJson, conformancePath, conformanceText, hasConformance, readIndirectly } from './data.ts'

interface Expectation {
  readonly file: string | null
  readonly expect: 'good' | 'bad' | 'lint'
  readonly input?: string
  readonly error?: string
  readonly error_contains?: string | readonly string[]
  readonly values?: Readonly<Record<string, unknown>>
  readonly agent_mode?: { readonly expect: 'good' | 'bad'; readonly error_contains?: string }
  readonly syntax_only?: boolean
  readonly name_validation?: 'legacy'
  readonly good_when?: 'ignore_unknown_fields'
  readonly groups?: number
}

/**
 * Files whose service discovery is left out of Promlet: its settings are refused as a whole and not looked at, so that
 * good and bad files get the same answer, which says so.
 */
const isLeftOut = (file: string) => file.startsWith('kubernetes_')

/** Texts of Promlet's own that stand for one of Prometheus's. */
const ownWords: Readonly<Record<string, string>> = {
  // Go's heading over its list of type errors; ours stand one by one, each with its position.
  'unmarshal errors': 'cannot unmarshal',
}

/** The message of a configuration that is refused, or the configuration. */
async function outcome<T>(load: Promise<T>): Promise<T | string> {
  return await load.catch((error: unknown) => {
    if (error instanceof ConfigError) return error.message
    throw error
  })
}

function expectOutcome(found: unknown, { expect: expected, ...expectation }: Expectation): void {
  if (expected !== 'bad') {
    expect(found).not.toBeTypeOf('string')
    return
  }
  expect(found).toBeTypeOf('string')
  for (const words of [expectation.error_contains ?? [], expectation.error ?? []].flat()) {
    expect(found).toContain(ownWords[words] ?? words)
  }
}

/** Fields that Promlet does not support are notes here, so that the rest of the file is judged as Prometheus does. */
const asPrometheus: ConfigOptions = { unsupported: 'note' }

// Configurations name these.
if (hasConformance) {
  readIndirectly('promtool/config/first.rules', 'promtool/config/scrape_configs', 'promtool/check-config/prometheus-config.rules.good.yml')
}

function load(file: string, options: ConfigOptions = {}): Promise<PrometheusConfig | string> {
  return outcome(loadPrometheusConfig(conformancePath(file), { ...asPrometheus, ...options }))
}

describe.skipIf(!hasConformance)('prometheus.yml as Prometheus reads it', () => {
  for (const expectation of expectations('config')) {
    const { file, agent_mode: agent, values } = expectation
    if (file === null) {
      test('the empty configuration is good', () => void parsePrometheusConfig(expectation.input ?? '', { file: 'prometheus.yml' }))
      continue
    }
    if (isLeftOut(file)) {
      test(`${file} is refused as left out`, async () => {
        expect(await outcome(loadPrometheusConfig(conformancePath(`promtool/config/${file}`)))).toContain(
          'is left out of this development stack',
        )
      })
      continue
    }
    test(`${file} is ${expectation.expect}`, async () => {
      const path = `promtool/config/${file}`
      expectOutcome(file === TARGET_GROUP ? readTargetGroup(path) : await load(path), expectation)
    })
    if (expectation.expect === 'good') {
      test(`${file} printed with its defaults reads back as itself`, async () => {
        const { yaml } = await loadPrometheusConfig(conformancePath(`promtool/config/${file}`), asPrometheus)
        expect(parsePrometheusConfig(yaml, { file, ...asPrometheus, expandExternalLabels: false }).yaml).toBe(yaml)
      })
    }
    if (agent !== undefined) {
      test(`${file} is ${agent.expect} in agent mode`, async () => {
        expectOutcome(await load(`promtool/config/${file}`, { agentMode: true }), { file, ...agent })
      })
    }
    if (values !== undefined) test(`${file} has the values of Prometheus`, () => expectValues(`promtool/config/${file}`, values))
  }
})

/** One target group, not a configuration. */
const TARGET_GROUP = 'static_config.bad.yml'

function readTargetGroup(path: string): unknown {
  const lines = conformanceText(path).trimEnd().split('\n')
  try {
    return parseTargetGroups(lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`).join('\n'), path)
  } catch (error) {
    return (error as Error).message
  }
}

async function expectValues(file: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [path, expected] of Object.entries(values)) {
    if (path === 'external_labels') await expectExternalLabels(file, expected as readonly ExternalLabels[])
    else if (path === 'remote_write.retry_on_rate_limit') await expectRetries(file, expected)
    else expect(await effective(file, path), path).toEqual(expected)
  }
}

interface ExternalLabels {
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

async function expectExternalLabels(file: string, expected: readonly ExternalLabels[]): Promise<void> {
  for (const { env, labels } of expected) {
    const config = await loadPrometheusConfig(conformancePath(file), { ...asPrometheus, environment: env })
    for (const [name, value] of Object.entries(labels)) expect(config.global.externalLabels.get(name), name).toBe(value)
  }
}

async function expectRetries(file: string, expected: unknown): Promise<void> {
  const config = await loadPrometheusConfig(conformancePath(file), asPrometheus)
  expect(config.remoteWrite.map(({ queue }) => queue.retryOnRateLimit)).toEqual(expected)
}

/** What Prometheus leaves out of its printed configuration, by field. */
const zeroValues: Readonly<Record<string, unknown>> = {
  'otlp.promote_all_resource_attributes': false,
  'otlp.ignore_resource_attributes': [],
  'otlp.promote_resource_attributes': [],
  // Without the section Prometheus has its defaults, which it does not print.
  'otlp.translation_strategy': 'UnderscoreEscapingWithSuffixes',
}

/** A value of the effective configuration as printed. */
async function effective(file: string, path: string): Promise<unknown> {
  const { yaml } = await loadPrometheusConfig(conformancePath(file), asPrometheus)
  let value = parse(yaml) as unknown
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== '')) value = (value as Record<string, unknown> | undefined)?.[step]
  return value ?? zeroValues[path]
}

/** They name a rule file that stands in check-rules, where it is read too. */
const otherFolder: ReadonlySet<string> = new Set(['prometheus-config.lint.yml'])

describe.skipIf(!hasConformance)('check config as promtool does it', () => {
  for (const expectation of expectations('check-config')) {
    const file = `promtool/check-config/${expectation.file}`
    const { syntax_only: isSyntaxOnly = false } = expectation
    test(`${expectation.file}${isSyntaxOnly ? ', syntax only,' : ''} is ${expectation.expect === 'bad' ? 'bad' : 'good'}`, async () => {
      expectOutcome(
        await load(file, { ...ruleChecks, checkReferences: !isSyntaxOnly && !otherFolder.has(expectation.file ?? '') }),
        expectation,
      )
    })
  }
})

describe.skipIf(!hasConformance)('rule files as promtool reads them', () => {
  for (const expectation of expectations('check-rules')) {
    const { name_validation: names, good_when: goodWhen } = expectation
    const file = `promtool/check-rules/${expectation.file}`
    const options: RuleOptions = { ...ruleChecks, ...(names !== undefined && { nameValidation: names }) }
    test(`${expectation.file} is ${expectation.expect === 'bad' ? 'bad' : 'good'}`, async () => {
      const found = await outcome(loadRuleFile(conformancePath(file), options))
      expectOutcome(found, expectation)
      if (expectation.groups !== undefined) expect(typeof found === 'string' ? found : found.groups.length).toBe(expectation.groups)
    })
    if (goodWhen === undefined) continue
    test(`${expectation.file} is good when unknown fields are ignored`, async () => {
      const found = await outcome(loadRuleFile(conformancePath(file), { ...options, ignoreUnknownFields: true }))
      expectOutcome(found, { ...expectation, expect: 'good' })
    })
  }
})

interface RoundTrip {
  readonly name: string
  readonly yaml: string
}

describe.skipIf(!hasConformance)('relabel configs come out as they went in', () => {
  for (const { name, yaml } of hasConformance ? conformanceJson<readonly RoundTrip[]>('relabel/yaml_roundtrip.json') : []) {
    test(name, () => {
      const item = yaml.trimEnd().split('\n')
      const lines = item.map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`)
      const config = parsePrometheusConfig(`scrape_configs:\n- job_name: node\n  relabel_configs:\n${lines.join('\n')}\n`, {
        file: 'prometheus.yml',
      })
      expect(config.yaml).toContain(`  relabel_configs:\n${lines.join('\n')}\n`)
    })
  }
})

function expectations(folder: string): readonly Expectation[] {
  return hasConformance ? conformanceJson<readonly Expectation[]>(`promtool/${folder}/expectations.json`) : []
}
