// Flags have Prometheus's names and meaning. A flag of the original that means nothing here is accepted, so that a
// command line can be taken over as it is, and one log line says so.

import { parseArgs } from 'node:util'
import { CommandError } from './command.ts'
import { nearName } from './near-name.ts'

export interface Flag {
  readonly name: string
  readonly kind: 'text' | 'switch' | 'list'
  /** As text; the empty string for none. A switch is `true` or `false`. */
  readonly default: string
  readonly help: string
  /** Of the original, without a meaning here. */
  readonly inert?: boolean
  /** A letter that stands for it: `-o FILE`. */
  readonly short?: string
}

/** Values by flag name; a list is joined by commas. */
export interface FlagValues {
  text(name: string): string
  on(name: string): boolean
  list(name: string): readonly string[]
  /** What a list was given, as it was given: selectors have commas of their own. */
  each(name: string): readonly string[]
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
    each: (name) => [values[name] ?? []].flat().map(String),
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
    flags.map(({ name, kind, short }) => {
      const option = { type: kind === 'switch' ? 'boolean' : 'string', multiple: kind === 'list' } as const
      return [name, short === undefined ? option : { ...option, short }]
    }),
  )
  const end = args.indexOf('--')
  for (const [index, arg] of args.slice(0, end < 0 ? undefined : end).entries()) checkArgument(arg, args[index + 1], byName)
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true })
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** parseArgs would take the next flag for a value and words its errors for developers, so each is looked at before. */
function checkArgument(arg: string, next: string | undefined, byName: ReadonlyMap<string, Flag>): void {
  if (!arg.startsWith('-') || arg === '-') return
  const short = [...byName.values()].find((flag) => flag.short !== undefined && arg.startsWith(`-${flag.short}`))
  if (short !== undefined && (arg.length > 2 || next !== undefined)) return
  if (short !== undefined) throw new CommandError(`-${short.short} needs a value: -${short.short} …`)
  if (!arg.startsWith('--')) throw new CommandError(`unknown flag ${arg}; what begins with - and is no flag stands behind --`)
  const [name = '', value] = arg.slice(2).split(/=(.*)/s)
  const negated = name.startsWith('no-') ? byName.get(name.slice(3)) : undefined
  const flag = byName.get(name) ?? (negated?.kind === 'switch' ? negated : undefined)
  if (flag === undefined) {
    const near = nearName(name, [...byName.keys()])
    throw new CommandError(`unknown flag --${name}; ${near === undefined ? 'see --help' : `did you mean --${near}?`}`)
  }
  if (flag.kind === 'switch' && value !== undefined)
    throw new CommandError(`--${flag.name} is a switch and takes no value; --no-${flag.name} turns it off`)
  if (flag.kind !== 'switch' && value === undefined && (next ?? '-').startsWith('-'))
    throw new CommandError(`--${name} needs a value: --${name}=…`)
}

const HEAD_WIDTH_MAX = 46

/** A table of flags for `--help`. What is on by default is shown with the form that turns it off. */
export function describeFlags(flags: readonly Flag[]): string {
  const rows = flags.map((flag) => ({ head: `  ${headOf(flag)}`, help: flag.help }))
  const width = Math.max(...rows.map(({ head }) => head.length).filter((length) => length <= HEAD_WIDTH_MAX))
  const gap = '\n'.padEnd(width + 3)
  return rows.map(({ head, help }) => `${head.length > width ? `${head}${gap}` : head.padEnd(width + 2)}${help}`).join('\n')
}

function headOf({ name, kind, default: value, short }: Flag): string {
  if (short !== undefined) return `-${short}, --${name}=${value === '' ? '…' : value}`
  if (kind === 'switch') return value === 'true' ? `--[no-]${name}` : `--${name}`
  return `--${name}=${value === '' ? '…' : value}`
}
