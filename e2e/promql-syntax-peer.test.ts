// Queries with typing mistakes, asked of a real Prometheus 2.42: its formatted query or its error text must be ours,
// but for what later versions changed.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueryError } from '@promlet/model'
import { parseExpr, prettyPrint } from '@promlet/promql/syntax'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findPeer, freePort, run, untilOk } from './peer.ts'

const prometheus = findPeer('prometheus')

const queries: readonly string[] = [
  'up',
  'rate(http_requests_total{job="api",code=~"5.."}[5m] offset 1h)',
  'sum by (job, instance) (rate(x[5m])) / ignoring(job) group_left(instance) sum(foo)',
  'topk(3, a) by (job) > bool 2 * b',
  'max_over_time(rate(x[5m])[1h:5m] @ 100) unless on() b',
  'label_replace(a, "x", "$1", "y", "(.*)")',
  'count_values without (job) ("v", a)',
  '{__name__=~"a.*", b!="c", d!~`e`}',
  'a @ start() offset -5m == c and (d or e)',
  '-a ^ 2 % -1e3 + quantile(0.9, b) atan2 Inf',
  'histogram_quantile(0.9, sum by (le) (rate(b[10m])))',
  'hour() + clamp(a, 1, 5.5) - time() # all',
]

const pieces: readonly string[] = [
  ...['sum', 'by', '(', ')', '{', '}', '[', ']', ',', '=', '=~', '!=', '"x"', '1', 'up', 'offset', '+', '-', '^', 'bool', 'on', '@'],
  ...['rate', 'and', 'or', '#', '\n', '"', "'", '`', '\\', '.', 'group_left', '==', '<', 'a:b', 'without', 'ignoring', 'abs', 'inf'],
  ...['a="b"', '[5m]', '[5m:1m]', '(up)', '{a="b"}', 'unless', '0x1f', '1e5', '@ 5', 'é', 'unknown(x)', 'sum(', '!', '$'],
]

/** What 2.42 says of things that 3.14 takes, or words in another way. */
const changedSince: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/unexpected duration|expected duration|not a valid duration/, 'durations are numbers, and ranges are expressions'],
  [/missing unit character|bad duration syntax|duration or "\]"|unexpected colon|subquery or range|subquery selector/, 'the same'],
  [/<Item \d+>/, 'tokens without a name have one'],
  [/unexpected string .*(expected label|expected identifier)/, 'names may be quoted'],
  [/unexpected metric identifier .* expected label/, 'label names may hold any character'],
  [/strconv\.Parse|unexpected number|bad number|unexpected character: '\.'/, 'numbers may hold underscores, and are cut in another way'],
  [/error parsing regexp/, 'patterns are wrapped in another way'],
  [/trailing commas|unclosed left bracket/, 'found before or after another mistake'],
]

/** Queries that mean something else since: words of the query in call position, trim operators, printed exponents, an empty clause. */
const changedQueries = /\b(start|end)\s*\(|<\/|>\/|\d[eE]\+?\d|ignoring\s*\(\s*\)/

/** Fixed, so that a run tells of a change here; another one looks further. */
const seed = Number(process.env['PROMLET_SEED'] ?? 42)
const runs = Number(process.env['PROMLET_RUNS'] ?? 2000)

const mistake = fc.record({
  at: fc.nat(60),
  kind: fc.constantFrom('remove', 'insert', 'replace', 'swap'),
  piece: fc.constantFrom(...pieces),
  other: fc.nat(60),
})
const mistyped = fc.tuple(fc.constantFrom(...queries), fc.array(mistake, { maxLength: 2 })).map(([query, mistakes]) => {
  const tokens: string[] = query.match(/\w+|\s+|[^\w\s]/g) ?? []
  for (const { at, kind, piece, other } of mistakes) {
    const first = at % tokens.length
    const second = other % tokens.length
    if (kind === 'remove') tokens.splice(first, 1)
    else if (kind === 'insert') tokens.splice(first, 0, ` ${piece} `)
    else if (kind === 'replace') tokens[first] = piece
    else [tokens[first], tokens[second]] = [tokens[second] as string, tokens[first] as string]
    if (tokens.length === 0) tokens.push(piece)
  }
  return tokens.join('')
})

function ours(query: string): string {
  try {
    return `formatted: ${prettyPrint(parseExpr(query))}`
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
}

async function theirs(base: string, query: string): Promise<string> {
  const response = await fetch(`${base}/api/v1/format_query`, { method: 'POST', body: new URLSearchParams({ query }) })
  const answer = (await response.json()) as { status: string; data?: string; error?: string }
  return answer.status === 'success' ? `formatted: ${answer.data}` : (answer.error ?? '').replace('invalid parameter "query": ', '')
}

describe.skipIf(prometheus === undefined)('queries with mistakes', () => {
  test('are formatted or refused as by Prometheus 2.42', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'promlet-syntax-'))
    try {
      await writeFile(join(folder, 'prometheus.yml'), 'global: {}\n')
      const port = await freePort()
      const args = [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]
      await using server = run(prometheus as string, args)
      const base = `http://127.0.0.1:${port}`
      await untilOk(`${base}/-/ready`).catch((cause) => {
        throw new Error(server.output(), { cause })
      })
      let compared = 0
      await fc.assert(
        fc.asyncProperty(mistyped, async (query) => {
          const answer = await theirs(base, query)
          if (changedQueries.test(query) || changedSince.some(([pattern]) => pattern.test(answer))) return
          compared++
          expect(ours(query), query).toBe(answer)
        }),
        { numRuns: runs, seed },
      )
      expect(compared).toBeGreaterThan(runs / 2)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 120_000)
})
