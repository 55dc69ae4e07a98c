import { readFile } from 'node:fs/promises'
import { systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { type EvalReport, runScript } from '@promlet/promql'
import { type Command, CommandError, print, printError } from '../command.ts'
import { parseFlags } from '../flags.ts'

export const testPromql: Command = {
  help: () => `Usage: promlet test promql FILE…

Runs scripts in Prometheus's test language: load, clear, eval instant, eval range, with what is expected.
Prints each failure with file, line, query, what was expected and what came side by side, and ends with "N passed, N failed".
Exits with 1 when anything failed.`,
  async run(args) {
    const { positionals } = parseFlags([], args)
    if (positionals.length === 0) throw new CommandError('expected at least one file')
    let passed = 0
    let failed = 0
    for (const file of positionals) {
      const reports = await runFile(file)
      // A file that cannot be run counts as one failure.
      if (reports === undefined) failed++
      for (const report of reports ?? []) {
        if (report.failure === undefined) passed++
        else {
          failed++
          print(failureText(report, report.failure))
        }
      }
    }
    print(`${passed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  },
}

/** Undefined, and a printed line, for a file that cannot be read or parsed. */
async function runFile(file: string): Promise<readonly EvalReport[] | undefined> {
  try {
    const text = await readFile(file, 'utf8')
    // The simplest store takes samples in any order and keeps start timestamps, as scripts give them.
    return await runScript(text, { file, clock: systemClock, openStorage: () => new MemoryStore() })
  } catch (error) {
    printError(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function failureText({ file, line, query }: EvalReport, { message, expected, got }: NonNullable<EvalReport['failure']>): string {
  return [`${file}:${line}: ${query}: ${message}`, ...(sideBySide(expected, got) ?? stacked(expected, got))].join('\n  ')
}

/** Two columns, with `|` between lines that differ, `<` and `>` where one side has none; undefined where they are too wide. */
function sideBySide(expected: string, got: string): readonly string[] | undefined {
  const left = ['expected', ...expected.split('\n')]
  const right = ['got', ...got.split('\n')]
  const width = Math.max(...left.map((line) => line.length))
  if (width + 3 + Math.max(...right.map((line) => line.length)) > WIDTH_MAX) return undefined
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const [own = '', other = ''] = [left[index], right[index]]
    const mark = index === 0 || own === other ? ' ' : own === '' ? '>' : other === '' ? '<' : '|'
    return `${own.padEnd(width)} ${mark} ${other}`.trimEnd()
  })
}

const WIDTH_MAX = 150

function stacked(expected: string, got: string): readonly string[] {
  return [`expected: ${indent(expected)}`, `got:      ${indent(got)}`]
}

function indent(text: string): string {
  return text === '' ? '(nothing)' : text.replaceAll('\n', '\n            ')
}
