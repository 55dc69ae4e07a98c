// Rule unit tests with their rule files, and what `promtool test rules` makes of them.

import { ConfigError, loadRuleFile, loadRuleTestFile } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createEngine } from '@promlet/promql'
import { duplicateRules, type RuleTestOptions, ruleChecks, runRuleTests } from '@promlet/rule-engine'
import { silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { conformanceJson, conformancePath, hasConformance, readIndirectly } from './data.ts'

interface Expectation {
  readonly file: string
  readonly expect: 'pass' | 'fail'
  readonly run?: readonly string[]
  readonly ignore_unknown_fields?: boolean
  readonly why?: string
}

const options: RuleTestOptions = {
  async openStack({ subqueryStepMs }) {
    const store = new MemoryStore()
    const engine = createEngine({ queryable: store, clock: systemClock, defaultSubqueryStepMs: () => subqueryStepMs })
    return { engine, appendable: store, async [Symbol.asyncDispose]() {} }
  },
  clock: systemClock,
  logger: silentLogger,
}

// The test files name their rule files.
if (hasConformance) {
  const ruleFiles = ['rules', 'rules_extrafields', 'at-modifier', 'negative-offset', 'bad-rules-error', 'bad-rules-syntax']
  readIndirectly(...ruleFiles.map((name) => `promtool/test-rules/${name}.yml`))
}

/** All failures of a file's tests; a file that cannot be read fails as a whole. */
async function failuresOf(path: string, { run, ignore_unknown_fields: ignore = false }: Partial<Expectation>): Promise<readonly string[]> {
  try {
    const file = await loadRuleTestFile(conformancePath(path), { ...ruleChecks, ignoreUnknownFields: ignore })
    const results = await runRuleTests(file, run === undefined ? options : { ...options, run: new RegExp(run.join('|')) })
    return results.flatMap(({ failures }) => failures)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message)
    throw error
  }
}

describe.skipIf(!hasConformance)('rule unit tests pass and fail as in promtool', () => {
  const expectations = hasConformance ? conformanceJson<readonly Expectation[]>('promtool/test-rules/expectations.json') : []
  for (const expectation of expectations) {
    const { file, run, ignore_unknown_fields: ignore, why } = expectation
    const how = [run && `of ${run.join(', ')}`, ignore !== undefined && `ignoring unknown fields: ${ignore}`, why]
      .filter(Boolean)
      .join('; ')
    test(`${file} is to ${expectation.expect}${how === '' ? '' : ` (${how})`}`, async () => {
      const failures = await failuresOf(`promtool/test-rules/${file}`, expectation)
      if (expectation.expect === 'pass') expect(failures).toEqual([])
      else expect(failures).not.toEqual([])
    })
  }

  test('a failing file fails in promtool’s words', async () => {
    const failures = await failuresOf('promtool/test-rules/failing.yml', {})
    expect(failures.join('\n')).toBe(`    name: Failing test,
    alertname: Test, time: 0s, 
        exp:[
            0:
              Labels:{alertname="Test"}
              Annotations:{}
            ], 
        got:[]
    expr: "test", time: 0s,
        exp: {__name__="test"} 1E+00
        got: {__name__="test"} 0E+00
    name: Failing alert test,
    alertname: InstanceDown, time: 5m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="InstanceDown", job="test", severity="page"}
              Annotations:{description=" of job test has been down for more than 5 minutes.", summary="Instance  down"}
            ]
    name: Failing alert test,
    alertname: AlwaysFiring, time: 5m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="AlwaysFiring"}
              Annotations:{}
            ]`)
  })

  test('the compliance cases, stated as a rule unit test, pass', async () => {
    expect(await failuresOf('alerts/promtool_test.yml', {})).toEqual([])
  })
})

interface CheckExpectation {
  readonly file: string
  readonly lint?: string
  readonly duplicates?: readonly { readonly metric: string; readonly labels: Record<string, string> }[]
}

describe.skipIf(!hasConformance)('duplicate rules are found as promtool check rules finds them', () => {
  const expectations = hasConformance ? conformanceJson<readonly CheckExpectation[]>('promtool/check-rules/expectations.json') : []
  for (const { file, lint, duplicates } of expectations) {
    if (lint !== 'duplicate-rules' && duplicates === undefined) continue
    test(file, async () => {
      const found = duplicateRules(await loadRuleFile(conformancePath(`promtool/check-rules/${file}`), ruleChecks))
      if (duplicates === undefined) expect(found).not.toEqual([])
      else expect(found.map(({ name, labels }) => ({ metric: name, labels: labels.toJSON() }))).toEqual(duplicates)
    })
  }
})
