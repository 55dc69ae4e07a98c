import type { Command } from './command.ts'
import { nearName } from './near-name.ts'

interface Entry {
  /** One line for the list of commands. */
  readonly summary: string
  /** Each is loaded only when it is asked for: starting up is part of the product. */
  load(): Promise<Command>
}

const commands: Readonly<Record<string, Entry>> = {
  serve: { summary: 'Runs the stack, or some of its components.', load: async () => (await import('./commands/serve.ts')).serve },
  'check config': {
    summary: 'Checks configuration files and the rule files that they name.',
    load: async () => (await import('./commands/check.ts')).checkConfig,
  },
  'check rules': { summary: 'Checks rule files.', load: async () => (await import('./commands/check.ts')).checkRules },
  'check metrics': {
    summary: 'Checks an exposition on standard input: whether it can be read, and whether names are well chosen.',
    load: async () => (await import('./commands/check-metrics.ts')).checkMetrics,
  },
  'query instant': {
    summary: 'Evaluates a PromQL query at one time.',
    load: async () => (await import('./commands/query.ts')).queryInstant,
  },
  'query range': {
    summary: 'Evaluates a PromQL query over a range of time.',
    load: async () => (await import('./commands/query.ts')).queryRange,
  },
  'query explain': {
    summary: 'Shows what each part of a query gives, and why an answer is empty.',
    load: async () => (await import('./commands/query-explain.ts')).queryExplain,
  },
  'test rules': {
    summary: 'Runs unit tests of recording rules and alerts.',
    load: async () => (await import('./commands/test-rules.ts')).testRules,
  },
  'test promql': { summary: 'Runs PromQL test scripts.', load: async () => (await import('./commands/test-promql.ts')).testPromql },
  'tsdb analyze': {
    summary: 'Tells what a store holds and what takes the room.',
    load: async () => (await import('./commands/analyze.ts')).tsdbAnalyze,
  },
  'tsdb dump': {
    summary: 'Writes what a store holds as OpenMetrics or in a lossless form.',
    load: async () => (await import('./commands/tsdb-dump.ts')).tsdbDump,
  },
  'tsdb import': {
    summary: 'Brings the samples of a file into a store.',
    load: async () => (await import('./commands/tsdb-import.ts')).tsdbImport,
  },
  'tsdb sql': {
    summary: 'Runs an SQL query over the series and samples of a store.',
    load: async () => (await import('./commands/tsdb-sql.ts')).tsdbSql,
  },
  'tsdb verify': {
    summary: 'Checks whether a store is whole.',
    load: async () => (await import('./commands/tsdb-verify.ts')).tsdbVerify,
  },
}

/** A command with its name and the arguments behind it. */
export interface Chosen {
  readonly name: string
  readonly rest: readonly string[]
  load(): Promise<Command>
}

/** The command at the beginning of a command line; undefined when there is none of that name. */
export function chooseCommand(args: readonly string[]): Chosen | undefined {
  for (const length of [2, 1]) {
    const name = args.slice(0, length).join(' ')
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (entry !== undefined) return { name, rest: args.slice(length), load: entry.load }
  }
  return undefined
}

/** The list of commands. */
export function usage(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(15)} ${summary}`)
  return `Usage: promlet COMMAND [flags]

Commands:
${lines.join('\n')}

promlet COMMAND --help says more; promlet --version prints the version.`
}

/** What to say of a command line that names no command. */
export function unknownCommand(args: readonly string[]): string {
  const [first = ''] = args
  if (first.startsWith('-')) return `promlet: flags stand behind a command, such as "promlet serve ${first}"; promlet --help lists them`
  const names = Object.keys(commands)
  const group = names.filter((name) => name.startsWith(`${first} `))
  if (group.length > 0) {
    const found = args[1] === undefined || args[1].startsWith('-') ? 'stands alone' : `is followed by "${args[1]}"`
    return `promlet: "${first}" ${found}; expected ${group.map((name) => `"promlet ${name}"`).join(' or ')}`
  }
  const near = nearName(args.slice(0, 2).join(' '), names) ?? nearName(first, names)
  return `promlet: there is no command "${first}"; ${near === undefined ? 'promlet --help lists them' : `did you mean "promlet ${near}"?`}`
}
