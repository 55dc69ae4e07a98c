// The package's own scripts are its specification, one question a file; those in `wrong` have to be reported.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { type EvalReport, listEvals, runScript } from './run.ts'

const folder = join(import.meta.dirname, '../../testdata')

const run = (text: string, file = 'script.test') =>
  runScript(text, { file, openStorage: () => new MemoryStore(), clock: new VirtualClock() })
const failuresOf = (reports: readonly EvalReport[]) => reports.filter(({ failure }) => failure !== undefined)

describe('the scripts', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test'))
  test.each(files)('%s holds', async (file) => {
    const reports = await run(readFileSync(join(folder, file), 'utf8'), file)
    expect(failuresOf(reports)).toEqual([])
    expect(reports.length).toBeGreaterThan(0)
  })
})

describe('a wrong expectation is reported', () => {
  test.each(readdirSync(join(folder, 'wrong')))('%s', async (file) => {
    const reports = await run(readFileSync(join(folder, 'wrong', file), 'utf8'), file)
    expect(failuresOf(reports)).toHaveLength(1)
    expect(reports).toHaveLength(1)
  })
})

describe('runScript', () => {
  test('says where it was, what was expected and what came', async () => {
    const [report] = await run('load 1m\n  up 1\n\neval instant at 0 up\n  up 2\n', 'up.test')
    expect(report).toEqual({
      file: 'up.test',
      line: 4,
      query: 'up',
      failure: {
        message: '{__name__="up"} at 0s: expected 2, got 1',
        expected: '{__name__="up"} 2',
        got: '{__name__="up"} 1',
      },
    })
  })

  test('puts what came in the line of what was expected, and what came besides below', async () => {
    const script =
      'load 1m\n  up{job="a"} 1 2\n  up{job="b"} 1 2\n\neval range from 0 to 2m step 1m up\n  up{job="c"} 3 3\n  up{job="b"} 1 1 1\n'
    const [report] = await run(script)
    expect(report?.failure).toMatchObject({
      expected: '{__name__="up", job="c"} 3 3\n{__name__="up", job="b"} 1 1 1\n',
      got: '\n{__name__="up", job="b"} 1 2 2\n{__name__="up", job="a"} 1 2 2',
    })
  })

  test('begins with an empty store after clear', async () => {
    const reports = await run('load 1m\n  up 1\n\nclear\n\neval instant at 0 up\n')
    expect(failuresOf(reports)).toEqual([])
  })

  test('takes the later of two lines for one series', async () => {
    const reports = await run('load 1m\n  up 1\n  up 2\n\neval instant at 0 up\n  up 2\n')
    expect(failuresOf(reports)).toEqual([])
  })

  test('loads classic histograms as native ones too when asked', async () => {
    const script = 'load_with_nhcb 1m\n  h_bucket{le="1"} 2\n  h_bucket{le="+Inf"} 3\n  h_count 3\n  h_sum 4\n\neval instant at 0 h\n'
    const reports = await run(`${script}  h {{schema:-53 count:3 sum:4 custom_values:[1] buckets:[2 1]}}\n`)
    expect(failuresOf(reports)).toEqual([])
  })

  test('refuses a query that would hold more samples than Prometheus gives its scripts', async () => {
    const [report] = await run('load 1s\n  up 1x20000\n\neval range from 0 to 20000s step 1s up\n')
    expect(report?.failure?.got).toBe('query processing would load too many samples into memory in query execution')
  })
})

describe('listEvals', () => {
  test('gives the queries with their lines without running them', () => {
    const evals = listEvals('clear\n\neval instant at 1m up\n\neval range from 0 to 1m step 1m up\n')
    expect(evals.map(({ line, query }) => [line, query])).toEqual([
      [3, 'up'],
      [5, 'up'],
    ])
  })
})
