// The promlet command: chooses a command and turns its outcome into an exit code.

import { enableCompileCache } from 'node:module'

enableCompileCache()

// A reader that has seen enough, as in `promlet query … | head`, is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { isExpected, print, printError } = await import('./command.ts')
  const { chooseCommand, unknownCommand, usage } = await import('./commands.ts')
  const [first = '--help'] = args
  if (first === '--version') {
    const { VERSION } = await import('./version.ts')
    print(`promlet, version ${VERSION}`)
    return 0
  }
  const isHelp = ['--help', '-h', 'help'].includes(first)
  const chosen = chooseCommand(isHelp ? args.slice(1) : args)
  if (chosen === undefined) {
    const isLost = !isHelp || args.length > 1
    if (isLost) printError(unknownCommand(isHelp ? args.slice(1) : args))
    else print(usage())
    return isLost ? 2 : 0
  }
  const { name, rest } = chosen
  const command = await chosen.load()
  if (isHelp || asksForHelp(rest)) {
    print(command.help(rest))
    return 0
  }
  try {
    return await command.run(rest)
  } catch (error) {
    if (!isExpected(error)) throw error
    printError(`promlet ${name}: ${error.message}`)
    return 1
  }
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === '--help' || arg === '-h')
}
