import { type Family, parseFamilies } from '@promlet/exposition'
import { createRegistry, Gauge } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { checkPush, joinProblems } from './consistency.ts'
import { ownFamilies, writeExposition } from './exposition.ts'
import { type GroupingKey, parseGroupingKey } from './grouping-key.ts'
import { Groups } from './groups.ts'
import { verifyAll } from './verification.ts'

const registry = createRegistry()
new Gauge({ name: 'process_open_fds', help: 'Number of open file descriptors.', registers: [registry] }).set(12)
const own = ownFamilies(registry)
const key = (path: string) => parseGroupingKey(path, { utf8Names: false }) as GroupingKey

/** Pushes as the gateway does. Gives what is wrong with the push, if anything. */
function push(groups: Groups, path: string, body: string | readonly Family[], options: { replace?: boolean; at?: number } = {}): string {
  const families = typeof body === 'string' ? parseFamilies(body) : body
  const one = { key: key(path), families, replace: options.replace ?? false, at: options.at ?? 1_000 }
  const planned = groups.plan(one)
  const problems = checkPush(groups, one, planned, { own, utf8Names: false })
  if (problems.length > 0) groups.fail(one)
  else groups.apply(one, planned)
  return problems.length > 0 ? joinProblems(problems) : ''
}

const exposed = async (groups: Groups, pattern: RegExp) =>
  (await writeExposition(groups, registry))
    .toString()
    .split('\n')
    .filter((line) => pattern.test(line))

describe('what is exposed', () => {
  test('a POST keeps families of other names, a PUT does not', async () => {
    const groups = new Groups()
    push(groups, 'job/etl', 'rows 1\n')
    push(groups, 'job/etl', 'bytes 2\n')
    expect(await exposed(groups, /^(rows|bytes)/)).toEqual(['bytes{instance="",job="etl"} 2', 'rows{instance="",job="etl"} 1'])
    push(groups, 'job/etl', 'bytes 3\n', { replace: true })
    expect(await exposed(groups, /^(rows|bytes)/)).toEqual(['bytes{instance="",job="etl"} 3'])
  })

  test('grouping labels win over labels of the body, and instance is added', async () => {
    const groups = new Groups()
    push(groups, 'job/etl', 'rows{job="other",instance="a",stage="load"} 1\nrows{stage="verify"} 2\n')
    expect(await exposed(groups, /^rows/)).toEqual([
      'rows{instance="",job="etl",stage="verify"} 2',
      'rows{instance="a",job="etl",stage="load"} 1',
    ])
  })

  test('series with fewer labels come first, then their values decide', async () => {
    const groups = new Groups()
    push(groups, 'job/b/instance/2', 'rows{stage="load"} 1\nrows 2\n')
    push(groups, 'job/a/instance/2', 'rows 3\n')
    push(groups, 'job/z/instance/1', 'rows 4\n')
    expect((await exposed(groups, /^rows/)).map((line) => line.at(-1))).toEqual(['4', '3', '2', '1'])
  })

  test('the help of the first group that gave one is shown', async () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows 1\n')
    push(groups, 'job/b', '# HELP rows Rows read.\nrows 1\n')
    push(groups, 'job/c', '# HELP rows Something else.\nrows 1\n')
    expect(await exposed(groups, /HELP rows/)).toEqual(['# HELP rows Rows read.'])
  })

  test('times of the last push and the last refused one stand beside what was pushed', async () => {
    const groups = new Groups()
    push(groups, 'job/etl', 'rows 1\n', { at: 1_795_375_607_558 })
    push(groups, 'job/etl', '# TYPE rows counter\nrows 1\nrows 2\n', { at: 1_795_375_608_000 })
    expect(await exposed(groups, /^push/)).toEqual([
      'push_failure_time_seconds{instance="",job="etl"} 1.795375608e+09',
      'push_time_seconds{instance="",job="etl"} 1.795375607558e+09',
    ])
  })

  test('a metric of the gateway itself and a pushed one of that name are one family', async () => {
    const groups = new Groups()
    expect(push(groups, 'job/etl', '# HELP process_open_fds Mine.\n# TYPE process_open_fds gauge\nprocess_open_fds 7\n')).toBe('')
    expect(await exposed(groups, /process_open_fds/)).toEqual([
      '# HELP process_open_fds Number of open file descriptors.',
      '# TYPE process_open_fds gauge',
      'process_open_fds 12',
      'process_open_fds{instance="",job="etl"} 7',
    ])
  })

  test('new values of known series appear, also when they come in another order', async () => {
    const groups = new Groups()
    push(groups, 'job/etl', 'rows{stage="a"} 1\nrows{stage="b"} 2\n')
    await exposed(groups, /rows/)
    push(groups, 'job/etl', 'rows{stage="a"} 3\nrows{stage="b"} 4\n')
    expect(await exposed(groups, /^rows/)).toEqual(['rows{instance="",job="etl",stage="a"} 3', 'rows{instance="",job="etl",stage="b"} 4'])
    push(groups, 'job/etl', 'rows{stage="b"} 5\nrows{stage="a"} 6\n')
    expect(await exposed(groups, /^rows/)).toEqual(['rows{instance="",job="etl",stage="a"} 6', 'rows{instance="",job="etl",stage="b"} 5'])
    push(groups, 'job/etl', 'rows{stage="b"} 7\n')
    expect(await exposed(groups, /^rows/)).toEqual(['rows{instance="",job="etl",stage="b"} 7'])
  })

  test('a deleted group leaves nothing behind', async () => {
    const groups = new Groups()
    push(groups, 'job/etl/x/1', 'rows 1\n')
    push(groups, 'job/etl', 'rows 1\n')
    groups.delete(key('job/etl/x/1').text)
    expect(await exposed(groups, /etl/)).toHaveLength(3)
    groups.wipe()
    expect(await exposed(groups, /etl/)).toEqual([])
  })
})

describe('what is refused', () => {
  test('another type than another group has', () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows{s="1"} 1\n')
    expect(push(groups, 'job/b', '# TYPE rows counter\nrows{s="1"} 5\n')).toBe(
      'collected metric "rows" { label:<name:"instance" value:"" > label:<name:"job" value:"b" > label:<name:"s" value:"1" > counter:<value:5 > } is not a UNTYPED',
    )
  })

  test('but the only group that has a family may change its type', () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows 1\n')
    expect(push(groups, 'job/a', '# TYPE rows counter\nrows 5\n')).toBe('')
  })

  test('a series twice in one push', () => {
    expect(push(new Groups(), 'job/a', 'rows 1\nrows 2\n')).toBe(
      'collected metric "rows" { label:<name:"instance" value:"" > label:<name:"job" value:"a" > untyped:<value:2 > } was collected before with the same name and label values',
    )
  })

  test('a series that another group has', () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows{instance="x"} 1\n')
    expect(push(groups, 'job/a/instance/x', 'rows 2\n')).toContain('was collected before')
    push(groups, 'job/a', 'bytes 1\n', { replace: true })
    expect(push(groups, 'job/a/instance/x', 'rows 2\n')).toBe('')
  })

  test('a known series that a push names twice', () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows{s="1"} 1\nrows{s="2"} 1\n')
    expect(push(groups, 'job/a', 'rows{s="1"} 1\nrows{s="1"} 1\n')).toContain('was collected before')
    expect(push(groups, 'job/a', 'rows{s="2"} 1\nrows{s="1"} 1\nrows{s="2"} 1\n')).toContain('was collected before')
  })

  test('another type than the metric of that name that the gateway has itself', () => {
    expect(push(new Groups(), 'job/a', '# TYPE process_open_fds counter\nprocess_open_fds 1\n')).toBe(
      'gathered metric family process_open_fds has type COUNTER but should have GAUGE',
    )
  })

  test('reserved label names', () => {
    expect(push(new Groups(), 'job/a', 'rows{__x="1"} 1\n')).toMatch(/has a label with an invalid name: __x$/)
  })

  test('names that a summary or histogram takes, whichever comes first', () => {
    const histogram = '# TYPE took histogram\ntook_bucket{le="+Inf"} 1\ntook_sum 1\ntook_count 1\n'
    const groups = new Groups()
    push(groups, 'job/a', histogram)
    expect(push(groups, 'job/b', 'took_count 1\n')).toBe(
      'collected metric named "took_count" collides with previously collected histogram named "took"',
    )
    expect(push(groups, 'job/a', 'took_count 1\n', { replace: true })).toBe('')
    expect(push(groups, 'job/b', histogram)).toBe(
      'collected histogram or summary named "took" collides with previously collected metric named "took_count"',
    )
  })

  test('a group that differs from another only in an empty instance', async () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows 1\n')
    expect(push(groups, 'job/a/instance/', 'bytes 1\n')).toMatch(/^collected metric "push_time_seconds" .* was collected before/)
    expect(groups.size).toBe(1)
    expect(push(groups, 'job/a', 'rows 2\n')).toBe('')
  })

  test('several problems are told together', () => {
    expect(push(new Groups(), 'job/a', 'rows{__x="1"} 1\nrows{__y="1"} 1\n')).toMatch(
      /^2 error\(s\) occurred:\n\* collected .*\n\* collected .*$/,
    )
  })

  test('a refused push changes nothing but the time of the last failure', async () => {
    const groups = new Groups()
    push(groups, 'job/a', 'rows{s="1"} 1\n')
    push(groups, 'job/a', 'rows{s="1"} 2\nbytes 1\nbytes 1\n')
    expect(await exposed(groups, /^(rows|bytes)/)).toEqual(['rows{instance="",job="a",s="1"} 1'])
  })
})

test('what unchecked pushes brought into disorder is found', () => {
  const groups = new Groups()
  for (const [path, body] of [
    ['job/a', 'rows{instance="x"} 1\n'],
    ['job/a/instance/x', 'rows 1\n'],
    ['job/b', '# TYPE rows counter\nrows 1\n'],
  ] as const) {
    const one = { key: key(path), families: parseFamilies(body), replace: false, at: 1 }
    groups.apply(one, groups.plan(one))
  }
  expect(verifyAll(groups, own).map((problem) => problem.replace(/.*} /, ''))).toEqual([
    'was collected before with the same name and label values',
    'is not a UNTYPED',
  ])
  groups.delete(key('job/a').text)
  groups.delete(key('job/b').text)
  expect(verifyAll(groups, own)).toEqual([])
})
