/** One thing that is wrong in a file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The path of the field, such as `scrape_configs[0].scrape_interval`. */
  readonly field: string
  /** What was found and what was expected. */
  readonly message: string
}

/** A file, or several, that cannot be used; `problems` has all that is wrong, in order of file and line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options)
    this.problems = problems
  }
}

/** `file:line:column: field: message`. */
export function formatProblem({ file, line, column, field, message }: Problem): string {
  return `${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}`
}
