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

/** A file, or several, that cannot be used; `problems` has all that is wrong, file by file in order of line and column. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]
  constructor(problems: ReadonlyArray<Problem>, options?: ErrorOptions) {
    const sorted = sortProblems(problems)
    super(sorted.map(formatProblem).join('\n'), options)
    this.problems = sorted
  }
}

/** `file:line:column: field: message`. */
export function formatProblem({ file, line, column, field, message }: Problem): string {
  return `${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}`
}

/** What to say of a file that cannot be opened. */
export function unreadable(path: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  const reason = REASONS[code ?? ''] ?? message
  return { file: path, line: 1, column: 1, field: '', message: `open ${path}: ${reason}` }
}

/** As the operating system words them for Go. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
}

/** By file in the order given first, then by line and column. */
function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))]
  return problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column)
}
