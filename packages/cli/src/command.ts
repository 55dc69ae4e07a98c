/** One word or two of the command line, such as `serve` or `check config`. */
export interface Command {
  /** All that `--help` prints; `args` are what else stands there. */
  help(args: readonly string[]): string
  /** Resolves to the exit code. */
  run(args: readonly string[]): Promise<number>
}

/** The command cannot do what was asked; the message is one clear line for the person who asked. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * What the packages throw on purpose has a code and one clear sentence, which is all that its reader needs; Node's own
 * `ERR_…` and whatever has no code is a bug, and its stack is wanted.
 */
export function isExpected(error: unknown): error is Error {
  if (error instanceof CommandError) return true
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
}

/** `1 rule`, `2 rules`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

export function print(text: string): void {
  if (text !== '') process.stdout.write(withLineBreak(text))
}

export function printError(text: string): void {
  if (text !== '') process.stderr.write(withLineBreak(text))
}

function withLineBreak(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
