// The promlet command: chooses a command and turns its outcome into an exit code.

import { enableCompileCache } from 'node:module'
import type { Command } from './command.ts'

enableCompileCache()

/** Each is loaded only when it is asked for: starting up is part of the product. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  'check config': async () => (await import('./commands/check.ts')).checkConfig,
  'check rules': async () => (await import('./commands/check.ts')).checkRules,
  'test rules': async () => (await import('./commands/test-rules.ts')).testRules,
  'test promql': async () => (await import('./commands/test-promql.ts')).testPromql,
  'query instant': async () => (await import('./commands/query.ts')).queryInstant,
  'query range': async () => (await import('./commands/query.ts')).queryRange,
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { CommandError, print, printError } = await import('./command.ts')
  if (args[0] === '--version') {
    const { VERSION } = await import('./version.ts')
    print(`promlet, version ${VERSION}`)
    return 0
  }
  const name = [args.slice(0, 2).join(' '), args[0] ?? ''].find((words) => words in commands)
  if (name === undefined) {
    const asked = args.length === 0 || args[0] === '--help' || args[0] === '-h' || args[0] === 'help'
    if (!asked) printError(`promlet: there is no command "${args.slice(0, 2).join(' ')}"`)
    const text = await usage()
    if (asked) print(text)
    else printError(text)
    return asked ? 0 : 2
  }
  const rest = args.slice(name.split(' ').length)
  const command = await (commands[name] as () => Promise<Command>)()
  if (rest.includes('--help') || rest.includes('-h')) {
    print(command.help)
    return 0
  }
  try {
    return await command.run(rest)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    printError(`promlet ${name}: ${error.message}`)
    return error.exitCode
  }
}

async function usage(): Promise<string> {
  const lines = ['Usage: promlet COMMAND [flags]', '', 'Commands:']
  for (const [name, load] of Object.entries(commands)) lines.push(`  ${name.padEnd(15)} ${(await load()).summary}`)
  lines.push('', 'promlet COMMAND --help says more; promlet --version prints the version.')
  return lines.join('\n')
}
