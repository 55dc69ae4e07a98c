// Everything that the recorded scripts and query lists contain must parse, print, and parse again to the same text.
// Prometheus's own editor grammar is asked for a second opinion on each query.

import { QueryError } from '@promlet/model'
import { type Command, parseScript } from '@promlet/promql'
import { grammar } from '@promlet/promql/highlight'
import { parseExpr, prettyPrint, printExpr } from '@promlet/promql/syntax'
import { describe, expect, test } from 'vitest'
import { conformanceFiles, conformanceJson, conformanceText, hasConformance } from './data.ts'

interface Exchange {
  readonly request: { readonly method: string; readonly path: string; readonly body?: string }
  readonly response: { readonly status: number; readonly json?: { readonly error?: string; readonly data?: unknown } }
}

/** These fail when they run, for what is in the strings, not when they are parsed. */
const runtimeFailures: ReadonlySet<string> = new Set([
  'label_replace(demo_num_cpus, "job", "value-$1", "src", "(.*")',
  'label_replace(demo_num_cpus, "~invalid", "", "src", "(.*)")',
  'label_replace(demo_num_cpus, "instance", "", "", "")',
  'label_join(demo_num_cpus, "~invalid", "-", "instance")',
])

function expectRoundTrip(query: string): void {
  const expr = parseExpr(query)
  const printed = printExpr(expr)
  expect(printExpr(parseExpr(printed))).toBe(printed)
  expect(printExpr(parseExpr(prettyPrint(expr)))).toBe(printed)
}

describe.skipIf(!hasConformance)('test scripts', () => {
  test.each(conformanceFiles('promql'))('%s parses, and its queries print and parse', (file) => {
    const commands = parseScript(conformanceText(`promql/${file}`))
    expect(commands.length).toBeGreaterThan(0)
    for (const command of commands) if (command.kind === 'eval') expectRoundTrip(command.query)
  })

  test('hold all that their lines say', () => {
    const commands = conformanceFiles('promql').flatMap((file) => parseScript(conformanceText(`promql/${file}`)))
    const count = (kind: Command['kind']) => commands.filter((command) => command.kind === kind).length
    expect({ load: count('load'), clear: count('clear'), eval: count('eval') }).toEqual({ load: 310, clear: 231, eval: 1659 })
  })
})

/** What the grammar package does not know, and so marks as an error in queries that Prometheus takes. */
const beyondGrammar: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(min_of|max_of)\(/, 'min_of and max_of as functions'],
  [/\d\.(?!\d)/, 'numbers that end in a point'],
  [/\bSTEP\(|\bSTep\(/, 'words for the query in capitals'],
]

describe.skipIf(!hasConformance)('the official editor grammar', () => {
  const queries = () =>
    conformanceFiles('promql')
      .flatMap((file) => parseScript(conformanceText(`promql/${file}`)))
      .flatMap((command) => (command.kind === 'eval' ? [command.query] : []))

  test('takes every query too, but for what it does not know', () => {
    const refused = queries().filter((query) => hasError(query) && !beyondGrammar.some(([pattern]) => pattern.test(query)))
    expect(refused).toEqual([])
  })
})

function hasError(query: string): boolean {
  let found = false
  grammar.parse(query).iterate({
    enter: ({ type }) => {
      found ||= type.isError
    },
  })
  return found
}

describe.skipIf(!hasConformance)('compliance queries', () => {
  test('parse, or are refused where the list says so', () => {
    const queries = conformanceJson<readonly { readonly query: string; readonly should_fail: boolean }[]>('compliance/queries.json')
    for (const { query, should_fail: shouldFail } of queries) {
      if (shouldFail && !runtimeFailures.has(query)) expect(() => parseExpr(query), query).toThrow(QueryError)
      else expectRoundTrip(query)
    }
  })
})

describe.skipIf(!hasConformance)('the API on record', () => {
  const exchanges = hasConformance
    ? conformanceJson<readonly Exchange[]>('api/prometheus.json').filter(({ request }) => request !== undefined)
    : []

  /** What differs in 3.x from the recorded 2.42: the wrapping of patterns. */
  const today = (error: string) => error.replace('^(?:', '^(?s:')

  const queryOf = ({ path, body }: Exchange['request']) => new URLSearchParams(body ?? path.split('?')[1] ?? '').get('query') ?? ''

  const refused = exchanges.filter(
    ({ request, response }) => response.json?.error?.includes('parse error') && /\/query|format_query/.test(request.path),
  )
  test.each(refused.map(({ request, response }) => [queryOf(request), today(response.json?.error ?? '')]))(
    '%j is refused: %s',
    (query, error) => {
      expect(error).toContain(messageOf(query))
    },
  )

  const formatted = exchanges.filter(({ request, response }) => request.path.includes('format_query') && response.status === 200)
  test.each(formatted.map(({ request, response }) => [queryOf(request), response.json?.data]))('%j is formatted as %j', (query, text) => {
    expect(prettyPrint(parseExpr(query))).toBe(text)
  })
})

function messageOf(query: string): string {
  try {
    parseExpr(query)
  } catch (error) {
    return error instanceof QueryError ? error.message : String(error)
  }
  return 'nothing'
}
