// Flags have Prometheus's names and meaning. A flag of the original that means nothing here is accepted, so that a
// command line can be taken over as it is, and one log line says so.

import { parseArgs } from 'node:util'
import { CommandError } from './command.ts'

export interface Flag {
  readonly name: string
  readonly kind: 'text' | 'switch' | 'list'
  /** As text; the empty string for none. A switch is `true` or `false`. */
  readonly default: string
  readonly help: string
  /** Of the original, without a meaning here. */
  readonly inert?: boolean
}

/** Values by flag name; a list is joined by commas. */
export interface FlagValues {
  text(name: string): string
  on(name: string): boolean
  list(name: string): readonly string[]
  /** True when it was on the command line. */
  given(name: string): boolean
  /** Of all flags, for `/api/v1/status/flags`. */
  readonly all: Readonly<Record<string, string>>
  /** Flags on the command line that mean nothing here. */
  readonly inert: readonly string[]
  readonly positionals: readonly string[]
}

/**
 * Reads a command line against a table of flags: `--name=value`, `--name value`, `--switch`, `--no-switch`.
 * @throws CommandError for a flag that is unknown or misses its value.
 */
export function parseFlags(flags: readonly Flag[], args: readonly string[]): FlagValues {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const { values, positionals } = parse(flags, args, byName)
  const all: Record<string, string> = {}
  for (const flag of flags) {
    const value = values[flag.name]
    all[flag.name] = value === undefined ? flag.default : Array.isArray(value) ? value.join(',') : String(value)
  }
  const text = (name: string) => {
    const value = all[name]
    if (value === undefined) throw new RangeError(`no flag is named ${name}`)
    return value
  }
  return {
    text,
    on: (name) => text(name) === 'true',
    list: (name) =>
      text(name)
        .split(',')
        .filter((part) => part !== ''),
    given: (name) => values[name] !== undefined,
    all,
    inert: flags.filter((flag) => flag.inert === true && values[flag.name] !== undefined).map(({ name }) => name),
    positionals,
  }
}

type Parsed = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

function parse(
  flags: readonly Flag[],
  args: readonly string[],
  byName: ReadonlyMap<string, Flag>,
): { values: Parsed; positionals: string[] } {
  const options = Object.fromEntries(
    flags.map(({ name, kind }) => [name, { type: kind === 'switch' ? 'boolean' : 'string', multiple: kind === 'list' } as const]),
  )
  // parseArgs would take the next flag as a value and words its errors for developers, so check first.
  for (const [index, arg] of args.entries()) {
    if (!arg.startsWith('--') || arg === '--') continue
    const [name = '', value] = arg.slice(2).split(/=(.*)/s)
    const flag = byName.get(name) ?? (name.startsWith('no-') ? byName.get(name.slice(3)) : undefined)
    if (flag === undefined) throw new CommandError(`unknown flag --${name}${didYouMean(name, [...byName.keys()])}`)
    if (flag.kind === 'switch' && value !== undefined)
      throw new CommandError(`--${name} is a switch and takes no value; --no-${name} turns it off`)
    if (flag.kind !== 'switch' && value === undefined && (args[index + 1] ?? '--').startsWith('--'))
      throw new CommandError(`--${name} needs a value: --${name}=…`)
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true })
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function didYouMean(name: string, names: readonly string[]): string {
  const near = names.map((other) => ({ other, far: distance(name, other) })).sort((left, right) => left.far - right.far)[0]
  return near !== undefined && near.far <= Math.max(2, name.length / 4) ? `; did you mean --${near.other}?` : '; see --help'
}

/** Levenshtein distance. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const swap = (row[j - 1] as number) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[right.length] as number
}

/** A table of flags for `--help`. */
export function describeFlags(flags: readonly Flag[]): string {
  const heads = flags.map(({ name, kind, default: value }) => `  --${name}${kind === 'switch' ? '' : `=${value === '' ? '…' : value}`}`)
  const width = Math.min(46, Math.max(...heads.map((head) => head.length)))
  return flags.map(({ help }, index) => `${(heads[index] as string).padEnd(width)}  ${help}`).join('\n')
}
