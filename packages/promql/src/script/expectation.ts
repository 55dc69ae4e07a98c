import { compileRe2 } from '@promlet/model'
import { readString, scanString } from '../syntax/scan-string.ts'
import type { Expectation } from './command.ts'
import { atLine, fail, type ScriptLine } from './line.ts'

const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/
const STRING = /^expect\s+string\s+(.+)$/
/** The older form, on a line below `eval_fail`. */
const FAIL_TEXT = /^expected_fail_(message|regexp)\s+(.+)$/

/** True for lines that say something of errors, annotations or order. */
export function isExpectation(line: ScriptLine): boolean {
  return line.text.startsWith('expect ') || FAIL_TEXT.test(line.text)
}

/** Reads such a line; `isText` marks the older form, which completes the `fail` of its command. */
export function expectationOf(line: ScriptLine): Expectation & { readonly isText?: boolean } {
  const older = FAIL_TEXT.exec(line.text)
  if (older !== null) return { kind: 'fail', isText: true, match: matchOf(line, older[1] === 'regexp', older[2] as string) }
  const match = EXPECT.exec(line.text)
  if (match === null) return fail(line, `invalid expect statement, must match \`expect <type> <match_type> <string>\` format`)
  const kind = match[1] as Expectation['kind']
  if (match[2] === undefined) return { kind }
  if (kind === 'ordered' || kind === 'no_warn' || kind === 'no_info') return fail(line, `invalid expect flags: ${kind} takes no text`)
  return { kind, match: matchOf(line, match[2] === 'regex', match[3] as string) }
}

function matchOf(line: ScriptLine, isRegex: boolean, text: string): NonNullable<Expectation['match']> {
  const trimmed = text.trim()
  if (isRegex) atLine(line, () => compileRe2(trimmed))
  return { kind: isRegex ? 'regex' : 'message', text: trimmed }
}

/** The text of an `expect string` line; undefined for other lines. */
export function stringOf(line: ScriptLine): string | undefined {
  const quoted = STRING.exec(line.text)?.[1]
  if (quoted === undefined) return undefined
  const scan = /^["'`]/.test(quoted) ? scanString(quoted, 0) : { end: 0, problem: 'no quotes' }
  if (scan.problem !== undefined || scan.end !== quoted.length) return fail(line, `expected string literal not valid: ${quoted}`)
  return readString(quoted)
}
