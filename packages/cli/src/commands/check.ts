import { ConfigError, formatProblem, loadPrometheusConfig, loadRuleFile } from '@promlet/config'
import { ruleChecks } from '@promlet/rule-engine'
import { type Command, CommandError, count, print } from '../command.ts'
import { parseFlags } from '../flags.ts'
import { printProblems } from '../problems.ts'

export const checkConfig: Command = {
  help: () => `Usage: promlet check config FILE…

Reads each file as \`promlet serve\` would, with its rule files, and prints everything that is wrong as
file:line:column: field: what was found and what was expected. Exits with 1 when anything is wrong.`,
  run: (args) =>
    checkEach(args, async (path) => {
      const config = await loadPrometheusConfig(path, { ...ruleChecks, checkReferences: true })
      for (const note of config.notes ?? []) print(`  ${formatProblem(note)}`)
      const rules = config.ruleFiles.flatMap(({ groups }) => groups.flatMap((group) => group.rules)).length
      return `${count(config.scrapeConfigs.length, 'scrape job')}, ${count(config.ruleFiles.length, 'rule file')} with ${count(rules, 'rule')}`
    }),
}

export const checkRules: Command = {
  help: () => `Usage: promlet check rules FILE…

Reads each file with its expressions and templates and prints everything that is wrong as
file:line:column: field: what was found and what was expected. Exits with 1 when anything is wrong.`,
  run: (args) =>
    checkEach(args, async (path) => {
      const { groups } = await loadRuleFile(path, ruleChecks)
      return `${count(groups.length, 'group')}, ${count(groups.flatMap(({ rules }) => rules).length, 'rule')}`
    }),
}

async function checkEach(args: readonly string[], check: (path: string) => Promise<string>): Promise<number> {
  const { positionals } = parseFlags([], args)
  if (positionals.length === 0) throw new CommandError('expected at least one file')
  let failures = 0
  for (const path of positionals) {
    try {
      print(`${path}: fine: ${await check(path)}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      failures++
      printProblems(path, error)
    }
  }
  return failures === 0 ? 0 : 1
}
