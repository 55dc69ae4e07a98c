import { ConfigError, formatProblem, loadRuleTestFile } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { createEngine } from '@promlet/promql'
import { type RuleTestOptions, ruleChecks, runRuleTests } from '@promlet/rule-engine'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { type Command, CommandError, print } from '../command.ts'
import { describeFlags, type Flag, parseFlags } from '../flags.ts'

const flags: readonly Flag[] = [
  { name: 'run', kind: 'text', default: '', help: 'Runs only test groups whose name matches this regular expression.' },
  { name: 'ignore-unknown-fields', kind: 'switch', default: 'false', help: 'Passes over fields that are not known.' },
]

export const testRules: Command = {
  summary: 'Runs unit tests of rules.',
  help: `Usage: promlet test rules [flags] FILE…

Runs files of rule unit tests as promtool does: input series, and the alerts and values that are expected at some times.
Exits with 1 when anything failed.

${describeFlags(flags)}`,
  async run(args) {
    const values = parseFlags(flags, args)
    if (values.positionals.length === 0) throw new CommandError('expected at least one file')
    const run = values.text('run') === '' ? {} : { run: new RegExp(values.text('run')) }
    let failed = false
    for (const path of values.positionals) {
      print(`Unit testing: ${path}`)
      const failures = await failuresOf(path, { ...options, ...run }, values.on('ignore-unknown-fields'))
      print(failures.length === 0 ? '  SUCCESS\n' : `  FAILED:\n${failures.map(indent).join('\n')}\n`)
      failed ||= failures.length > 0
    }
    return failed ? 1 : 0
  },
}

const options: RuleTestOptions = {
  clock: systemClock,
  logger: silentLogger,
  async openStack({ subqueryStepMs }) {
    const store = await openStore({ path: ':memory:', clock: systemClock, logger: silentLogger, registry: createRegistry() })
    const engine = createEngine({ queryable: store, clock: systemClock, defaultSubqueryStepMs: () => subqueryStepMs })
    return { engine, appendable: store, [Symbol.asyncDispose]: () => store.close() }
  },
}

async function failuresOf(path: string, settings: RuleTestOptions, ignoreUnknownFields: boolean): Promise<readonly string[]> {
  try {
    const file = await loadRuleTestFile(path, { ...ruleChecks, ignoreUnknownFields })
    return (await runRuleTests(file, settings)).flatMap(({ name, failures }) =>
      failures.map((failure) => (name === '' ? failure : `name: ${name},\n${failure}`)),
    )
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
