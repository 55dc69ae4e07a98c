// Parts of PromQL that Prometheus has behind --enable-feature are on, and can be turned off.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from './peer.ts'
import { makeFolder, type Server, serve } from './promlet.ts'

async function errorOf(server: Server, path: string, query: string): Promise<string | undefined> {
  const response = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams({ query })}`)
  return ((await response.json()) as { error?: string }).error
}

const QUERIES = {
  experimentalFunction: 'mad_over_time(up[5m])',
  experimentalAggregation: 'limitk(1, up)',
  duration: 'rate(up[5m * 2])',
  extended: 'rate(up[5m] anchored)',
  fill: 'up + fill(0) up',
} as const

test('promlet serve takes all of PromQL, and less when it is told so', async () => {
  using folder = makeFolder()
  {
    await using server = await serve(['tsdb'], [`--storage.tsdb.path=${join(folder.path, 'all')}`])
    for (const query of Object.values(QUERIES)) {
      for (const path of ['query', 'format_query', 'parse_query']) expect(await errorOf(server, path, query), query).toBeUndefined()
    }
  }
  const flags = [
    '--enable-feature=no-promql-experimental-functions,no-promql-duration-expr,promql-warp-drive',
    '--enable-feature=no-promql-extended-range-selectors,no-promql-binop-fill-modifiers,exemplar-storage',
  ]
  await using server = await serve(['tsdb'], [`--storage.tsdb.path=${join(folder.path, 'some')}`, ...flags])
  for (const path of ['query', 'format_query', 'parse_query', 'explain']) {
    const error = async (query: string) => (await errorOf(server, path, query))?.replace('invalid parameter "query": ', '')
    expect(await error(QUERIES.experimentalFunction)).toBe('1:1: parse error: function "mad_over_time" is not enabled')
    const limitk = '1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions'
    expect(await error(QUERIES.experimentalAggregation)).toBe(limitk)
    expect(await error(QUERIES.duration)).toBe('1:9: parse error: experimental duration expression is not enabled')
    expect(await error(QUERIES.extended)).toBe('1:6: parse error: anchored modifier is experimental and not enabled')
    expect(await error(QUERIES.fill)).toBe('1:1: parse error: binop fill modifiers are experimental and not enabled')
  }
  const { promql, promql_functions: functions } = await server.api<Record<string, Record<string, boolean>>>('features')
  expect(promql).toMatchObject({ anchored: false, duration_expr: false, fill_left: false, delayed_name_removal: true })
  expect(functions).toMatchObject({ mad_over_time: false, rate: true })
  const isSaid = () => ['promql-warp-drive', 'exemplar-storage'].every((name) => server.output().includes(name))
  await until(isSaid, 'the log to name what is not known')
  expect(server.output()).toContain('Unknown option for --enable-feature')
  expect(server.output()).toContain('Option for --enable-feature has no meaning here')
}, 60_000)
