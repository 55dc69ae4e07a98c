// Templates against Go itself: each is the annotation of an alert in a rule unit test that fails on purpose, so that
// promtool prints what it expanded to. Templates that do not parse are given to `promtool check rules`.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, loadRuleFile, loadRuleTestFile } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createEngine } from '@promlet/promql'
import { ruleChecks, runRuleTests } from '@promlet/rule-engine'
import { silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { findPeer } from './peer.ts'

const promtool = findPeer('promtool')

interface Templates {
  readonly same: readonly string[]
  /** Those on which we differ, and why. */
  readonly differs: Readonly<Record<string, string>>
}

const { same, differs }: Templates = JSON.parse(readFileSync(join(import.meta.dirname, 'template-peer.json'), 'utf8'))
const parses = (text: string) => ruleChecks.checkTemplate(text, '__alert_X') === undefined
const good = same.filter(parses)
const bad = same.filter((text) => !parses(text))

const folder = mkdtempSync(join(tmpdir(), 'promlet-templates-'))
afterAll(() => rmSync(folder, { recursive: true }))

const alertName = (index: number) => `A${String(index).padStart(4, '0')}`

function writeRules(name: string, texts: readonly string[]): string {
  const rules = texts.map((text, index) => ({ alert: alertName(index), expr: 'a * 1234.5', annotations: { t: text } }))
  const path = join(folder, name)
  writeFileSync(path, stringify({ groups: [{ name: 'g', rules }] }))
  return path
}

function writeTests(name: string, rules: string, texts: readonly string[]): string {
  const path = join(folder, name)
  const input = [
    { series: 'a{job="node",i="0"}', values: '1' },
    { series: 'b{i="2"}', values: '20' },
    { series: 'b{i="1"}', values: '10' },
  ]
  const tests = texts.map((_, index) => ({ eval_time: '0m', alertname: alertName(index), exp_alerts: [] }))
  const group = { external_labels: { cluster: 'eu' }, input_series: input, alert_rule_test: tests }
  writeFileSync(path, stringify({ rule_files: [rules], tests: [group] }))
  return path
}

/** What each alert's annotation is in a report of failures. */
function annotations(report: string): ReadonlyMap<string, string> {
  const found = report.matchAll(/alertname="(A\d+)"[^\n]*\n\s*Annotations:\{(?:t=("(?:[^"\\]|\\.)*"))?\}/g)
  return new Map([...found].map((match) => [match[1] as string, match[2] ?? '""']))
}

/** What is said of each alert's template. */
function problems(messages: string): ReadonlyMap<string, string> {
  const found = messages.matchAll(/"(A\d+)": annotation "t": (template: .*)/g)
  return new Map([...found].map((match) => [match[1] as string, match[2] as string]))
}

async function ourAnnotations(path: string): Promise<ReadonlyMap<string, string>> {
  const results = await runRuleTests(await loadRuleTestFile(path, ruleChecks), {
    async openStack() {
      const store = new MemoryStore()
      return {
        engine: createEngine({ queryable: store, clock: systemClock }),
        appendable: store,
        async [Symbol.asyncDispose]() {},
      }
    },
    clock: systemClock,
    logger: silentLogger,
  })
  return annotations(results.flatMap(({ failures }) => failures).join('\n'))
}

async function ourProblems(path: string): Promise<ReadonlyMap<string, string>> {
  try {
    await loadRuleFile(path, ruleChecks)
    return new Map()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return problems(error.problems.map(({ message }) => message).join('\n'))
  }
}

function peer(...args: readonly string[]): string {
  return spawnSync(promtool as string, args, { encoding: 'utf8' }).stderr
}

describe.skipIf(promtool === undefined)('templates expand as in promtool', () => {
  let expanded: readonly ReadonlyMap<string, string>[] = []
  beforeAll(async () => {
    const path = writeTests('good-test.yml', writeRules('good.yml', good), good)
    expanded = [annotations(peer('test', 'rules', path)), await ourAnnotations(path)]
  })
  test.each(good.map((text, index) => [text, alertName(index)]))('%j', (_, alert) => {
    const [theirs, ours] = expanded.map((found) => found.get(alert))
    expect(theirs).toBeDefined()
    expect(ours).toBe(theirs)
  })
})

describe.skipIf(promtool === undefined)('templates are refused as in promtool', () => {
  let refused: readonly ReadonlyMap<string, string>[] = []
  beforeAll(async () => {
    const path = writeRules('bad.yml', bad)
    refused = [problems(peer('check', 'rules', path)), await ourProblems(path)]
  })
  test.each(bad.map((text, index) => [text, alertName(index)]))('%j', (_, alert) => {
    const [theirs, ours] = refused.map((found) => found.get(alert))
    expect(theirs).toBeDefined()
    expect(ours).toBe(theirs)
  })
})

test(`where we differ from promtool is known: ${Object.keys(differs).length} templates`, () => {
  for (const [text, why] of Object.entries(differs)) {
    expect(why).not.toBe('')
    expect(same).not.toContain(text)
  }
})
