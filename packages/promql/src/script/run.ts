// Runs a test script: loads, clears, evaluates, compares. Every instant query is run a second time as the middle step
// of a range query, which has to give the same.

import { type Answer, type Clock, type Millis, QueryError, type Value } from '@promlet/model'
import { createEngine, type EngineOptions, type PromqlEngine } from '../engine.ts'
import type { Command, EvalCommand, Expectation } from './command.ts'
import { compareResult, type Difference } from './compare.ts'
import { load } from './load.ts'
import { parseScript } from './parse.ts'
import type { OpenScriptStorage, ScriptStorage } from './storage.ts'

export interface RunOptions {
  /** For reports. */
  readonly file: string
  readonly openStorage: OpenScriptStorage
  readonly clock: Clock
  /** Settings of the engine; by default those that Prometheus's scripts expect. */
  readonly engine?: Partial<Omit<EngineOptions, 'queryable' | 'clock'>>
}

/** What came of one `eval`. */
export interface EvalReport {
  readonly file: string
  readonly line: number
  readonly query: string
  /** Undefined: as expected. */
  readonly failure: Difference | undefined
}

/** What Prometheus's scripts expect of an engine. */
const DEFAULTS = { lookbackMs: 300_000, samplesMax: 10_000, defaultSubqueryStepMs: () => 60_000 }

const MINUTE = 60_000

/**
 * Runs a script's commands in their order.
 * @throws Error with file and line for a script that cannot be parsed or loaded.
 */
export async function runScript(text: string, options: RunOptions): Promise<readonly EvalReport[]> {
  const reports: EvalReport[] = []
  let storage = await options.openStorage()
  try {
    for (const command of parseScript(text)) {
      if (command.kind === 'clear') {
        await storage[Symbol.asyncDispose]?.()
        storage = await options.openStorage()
      } else if (command.kind === 'load') {
        await load(command, storage)
      } else {
        const { line, query } = command
        reports.push({ file: options.file, line, query, failure: await runEval(command, engineFor(storage, options)) })
      }
    }
  } finally {
    await storage[Symbol.asyncDispose]?.()
  }
  return reports
}

function engineFor(storage: ScriptStorage, { clock, engine }: RunOptions): PromqlEngine {
  return createEngine({ ...DEFAULTS, ...engine, queryable: storage, clock })
}

/** The evals of a script, without running it. */
export function listEvals(text: string): readonly EvalCommand[] {
  return parseScript(text).filter((command: Command) => command.kind === 'eval')
}

async function runEval(command: EvalCommand, engine: PromqlEngine): Promise<Difference | undefined> {
  const outcome = await attempt(() => evaluate(command, engine))
  if (outcome instanceof Error) return compareError(command, outcome)
  if (expectationsOf(command, 'fail').length > 0) {
    return { message: 'expected an error', expected: describeExpectations(command, 'fail'), got: 'a result' }
  }
  const difference = compareAnnotations(command, outcome) ?? compareResult(command, outcome.value)
  return difference ?? runAsRange(command, outcome.value, engine)
}

async function attempt(run: () => Promise<Answer>): Promise<Answer | QueryError> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
}

function evaluate({ span, query }: EvalCommand, engine: PromqlEngine): Promise<Answer> {
  return span.kind === 'instant' ? engine.instant(query, span.at) : engine.range(query, span.start, span.end, span.step)
}

function compareError(command: EvalCommand, error: QueryError): Difference | undefined {
  const expected = expectationsOf(command, 'fail')
  if (expected.length === 0) return { message: 'an error', expected: 'a result', got: error.message }
  if (expected.some((expectation) => isMatch(expectation, error.message))) return undefined
  return { message: 'another error', expected: describeExpectations(command, 'fail'), got: error.message }
}

function compareAnnotations(command: EvalCommand, { warnings, infos }: Answer): Difference | undefined {
  return compareTexts(command, 'warn', 'no_warn', warnings) ?? compareTexts(command, 'info', 'no_info', infos)
}

function compareTexts(
  command: EvalCommand,
  kind: 'warn' | 'info',
  none: 'no_warn' | 'no_info',
  texts: readonly string[],
): Difference | undefined {
  const expected = expectationsOf(command, kind)
  const differ = (message: string): Difference => ({
    message,
    expected: describeExpectations(command, kind),
    got: texts.join('\n'),
  })
  if (expectationsOf(command, none).length > 0 && texts.length > 0) return differ(`expected ${none}`)
  if (expected.length === 0) return undefined
  const missing = expected.find((expectation) => !texts.some((text) => isMatch(expectation, text)))
  if (missing !== undefined || texts.length === 0) return differ(`an expected ${kind} is missing`)
  const extra = texts.find((text) => !expected.some((expectation) => isMatch(expectation, text)))
  return extra === undefined ? undefined : differ(`an unexpected ${kind}`)
}

function expectationsOf({ expectations }: EvalCommand, kind: Expectation['kind']): readonly Expectation[] {
  return expectations.filter((expectation) => expectation.kind === kind)
}

function describeExpectations(command: EvalCommand, kind: Expectation['kind']): string {
  return expectationsOf(command, kind)
    .map(({ match }) => match?.text ?? `any ${kind}`)
    .join('\n')
}

function isMatch({ match }: Expectation, text: string): boolean {
  if (match === undefined) return true
  return match.kind === 'message' ? match.text === text : new RegExp(match.text).test(text)
}

/** An instant query has to give what a range query gives at that step. */
async function runAsRange(command: EvalCommand, value: Value, engine: PromqlEngine): Promise<Difference | undefined> {
  const { span, query } = command
  if (span.kind !== 'instant' || value.kind === 'matrix' || value.kind === 'string' || dependsOnSpan(query)) return undefined
  const outcome = await attempt(() => engine.range(query, span.at - MINUTE, span.at + MINUTE, MINUTE))
  if (outcome instanceof Error) return { message: 'an error as a range query', expected: 'a result', got: outcome.message }
  // Answers over a range are in label order.
  if (expectationsOf(command, 'ordered').length > 0) return undefined
  const difference = compareResult(command, valueAt(outcome.value, span.at, value.kind))
  return difference === undefined ? undefined : { ...difference, message: `as a range query: ${difference.message}` }
}

/** True for queries that ask for the start, end, range or step of the query as a whole: these differ. */
function dependsOnSpan(query: string): boolean {
  return /\b(?:start|end|range|step)\s*\(\s*\)/i.test(query)
}

/** One step of an answer over a range, as an instant query would have given it. */
function valueAt(value: Value, at: Millis, kind: 'scalar' | 'vector'): Value {
  if (value.kind !== 'matrix') return value
  const samples = value.series.flatMap(({ labels, times, values, histograms }) => {
    const index = times.indexOf(at)
    if (index < 0) return []
    const histogram = histograms?.[index]
    return [histogram === undefined ? { labels, at, value: values[index]! } : { labels, at, value: 0, histogram }]
  })
  return kind === 'scalar' ? { kind, at, value: samples[0]?.value ?? Number.NaN } : { kind, samples }
}
