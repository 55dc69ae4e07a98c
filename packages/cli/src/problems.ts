import { type ConfigError, formatProblem } from '@promlet/config'
import { count, printError } from './command.ts'

/** Prints everything that is wrong with a file, a line each. */
export function printProblems(path: string, { problems }: ConfigError): void {
  printError([`${path}: ${count(problems.length, 'problem')}`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n'))
}
