// The test language of Prometheus (promql/promqltest/README.md): `load`, `clear` and `eval`, each on lines of its own,
// a block ending at an empty line. Comment lines count as empty.

import { type DurationMs, type Millis, parseDuration, parseFloatGo } from '@promlet/model'
import { parseSeriesDescription } from '../syntax/series-description.ts'
import type { Command, EvalCommand, EvalSpan, Expectation, ExpectedResult, ExpectedSeries, LoadCommand } from './command.ts'
import { expectationOf, isExpectation, stringOf } from './expectation.ts'
import { atLine, fail, type ScriptLine } from './line.ts'
import { mergeStartTimes } from './start-times.ts'

const LOAD = /^load(?:_(with_nhcb))?\s+(.+?)$/
const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/
const EXPECT_RANGE = /^expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/

/**
 * Parses a whole script.
 * @throws `QueryError` with code `bad_data`; the message begins with the line's number.
 */
export function parseScript(script: string): readonly Command[] {
  const lines = script.split('\n').map((text, index): ScriptLine => ({ number: index + 1, text: strip(text) }))
  const commands: Command[] = []
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] as ScriptLine
    index++
    if (line.text === '') continue
    const end = lines.findIndex(({ text }, at) => at >= index && text === '')
    const block = lines.slice(index, end < 0 ? undefined : end)
    const takesBlock = !/^clear$/i.test(line.text)
    commands.push(parseCommand(line, takesBlock ? block : []))
    if (takesBlock) index += block.length
  }
  return commands
}

function strip(text: string): string {
  const line = text.trim()
  return line.startsWith('#') ? '' : line
}

function parseCommand(line: ScriptLine, block: readonly ScriptLine[]): Command {
  const word = (line.text.split(/\s+/, 1)[0] as string).toLowerCase()
  if (word === 'clear') return { kind: 'clear', line: line.number }
  if (word.startsWith('load')) return parseLoad(line, block)
  if (word.startsWith('eval')) return parseEval(line, block)
  return fail(line, `invalid command ${JSON.stringify(line.text)}`)
}

function parseLoad(line: ScriptLine, block: readonly ScriptLine[]): LoadCommand {
  const match = LOAD.exec(line.text)
  if (match === null) return fail(line, 'invalid load command. (load[_with_nhcb] <step:duration>)')
  const step = readDuration(line, match[2] as string)
  return { kind: 'load', line: line.number, step, withNhcb: match[1] !== undefined, series: mergeStartTimes(block) }
}

function parseEval(line: ScriptLine, block: readonly ScriptLine[]): EvalCommand {
  const instant = INSTANT.exec(line.text)
  if (instant !== null) {
    const at = instant[2] === undefined ? 0 : readTime(line, instant[2])
    return withResult(line, instant[1], instant[3] as string, { kind: 'instant', at }, block)
  }
  const range = RANGE.exec(line.text)
  if (range === null) {
    return fail(
      line,
      'invalid eval command. Must be either "eval instant [at <time>] <query>" or "eval range from <start> to <end> step <step> <query>"',
    )
  }
  const [, variant, start, end, step, query] = range as unknown as readonly [string, string | undefined, string, string, string, string]
  return withResult(line, variant, query, readRange(line, start, end, step), block)
}

function readRange(line: ScriptLine, start: string, end: string, step: string): EvalSpan & { readonly kind: 'range' } {
  return { kind: 'range', start: readTime(line, start), end: readTime(line, end), step: readDuration(line, step) }
}

function withResult(
  line: ScriptLine,
  variant: string | undefined,
  query: string,
  span: EvalSpan,
  block: readonly ScriptLine[],
): EvalCommand {
  // The older spelling says in the command what is now an expectation of its own.
  const expectations: Expectation[] = variant === undefined ? [] : [{ kind: variant as Expectation['kind'] }]
  const series: ExpectedSeries[] = []
  let range: (EvalSpan & { readonly kind: 'range' }) | undefined
  let result: ExpectedResult | undefined
  for (const entry of block) {
    const expectRange = EXPECT_RANGE.exec(entry.text)
    const value = parseFloatGo(entry.text)
    const text = stringOf(entry)
    if (expectRange !== null) range = readRange(entry, expectRange[1] as string, expectRange[2] as string, expectRange[3] as string)
    else if (text !== undefined) result = { kind: 'string', value: text }
    else if (isExpectation(entry)) addExpectation(expectations, expectationOf(entry))
    else if (value !== undefined) result = { kind: 'scalar', value }
    else series.push(readSeries(entry))
  }
  result ??= { kind: 'series', series, ...(range === undefined ? {} : { range }) }
  return { kind: 'eval', line: line.number, query, span, expectations, result }
}

/** The text of an older expectation belongs to the `fail` that the command itself stands for. */
function addExpectation(expectations: Expectation[], expectation: Expectation & { readonly isText?: boolean }): void {
  const { isText, ...rest } = expectation
  if (isText === true) expectations.splice(0, 1, rest)
  else expectations.push(rest)
}

function readSeries(line: ScriptLine): ExpectedSeries {
  return { line: line.number, ...atLine(line, () => parseSeriesDescription(line.text)) }
}

function readDuration(line: ScriptLine, text: string): DurationMs {
  return atLine(line, () => parseDuration(text))
}

/** A time is a duration from 0, or seconds as a number. */
function readTime(line: ScriptLine, text: string): Millis {
  const seconds = parseFloatGo(text)
  if (seconds !== undefined) return Math.round(seconds * 1000)
  const offset: number = readDuration(line, text.replace('-', ''))
  return text.startsWith('-') ? -offset : offset
}
