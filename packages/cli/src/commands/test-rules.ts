import { ConfigError, loadRuleTestFile } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { createEngine } from '@promlet/promql'
import { type RuleTestOptions, type RuleTestResult, ruleChecks, runRuleTests } from '@promlet/rule-engine'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { type Command, CommandError, count, print } from '../command.ts'
import { describeFlags, type Flag, parseFlags } from '../flags.ts'
import { printProblems } from '../problems.ts'

const flags: readonly Flag[] = [{ name: 'run', kind: 'text', default: '', help: 'Only tests whose name matches this regular expression.' }]

export const testRules: Command = {
  help: () => `Usage: promlet test rules [flags] FILE…

Runs rule test files, in the form of \`promtool test rules\`: input series, and the alerts and values that are expected
of the rule files they name. Prints what differs. Exits with 1 when anything failed.

${describeFlags(flags)}`,
  async run(args) {
    const values = parseFlags(flags, args)
    if (values.positionals.length === 0) throw new CommandError('expected at least one file')
    const options = withPattern(values.text('run'))
    let failed = 0
    let passed = 0
    for (const file of values.positionals) {
      const results = await runFile(file, options)
      // A file that cannot be used counts as one failure.
      if (results === undefined) failed++
      for (const { failures } of results ?? []) failures.length === 0 ? passed++ : failed++
    }
    print(`${passed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  },
}

/** Runs the tests of a file and prints what differs; undefined when it cannot be used. */
async function runFile(file: string, options: RuleTestOptions): Promise<readonly RuleTestResult[] | undefined> {
  try {
    const results = await runRuleTests(await loadRuleTestFile(file, ruleChecks), options)
    const failures = results.flatMap((result) => result.failures)
    print(
      [
        `${file}: ${failures.length === 0 ? `fine: ${count(results.length, 'test')}` : count(failures.length, 'failure')}`,
        ...failures,
      ].join('\n'),
    )
    return results
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    printProblems(file, error)
    return undefined
  }
}

function withPattern(pattern: string): RuleTestOptions {
  if (pattern === '') return inMemory
  try {
    return { ...inMemory, run: new RegExp(pattern) }
  } catch (error) {
    throw new CommandError(`--run: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

const inMemory: RuleTestOptions = {
  async openStack({ subqueryStepMs }) {
    const store = await openStore({ path: ':memory:', clock: systemClock, logger: silentLogger, registry: createRegistry() })
    const engine = createEngine({ queryable: store, clock: systemClock, defaultSubqueryStepMs: () => subqueryStepMs })
    return { engine, appendable: store, [Symbol.asyncDispose]: () => store.close() }
  },
  clock: systemClock,
  logger: silentLogger,
}
