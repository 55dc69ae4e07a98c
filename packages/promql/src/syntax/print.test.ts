import { describe, expect, test } from 'vitest'
import { exprToJson } from './json.ts'
import { parseExpr } from './parse.ts'
import { prettyPrint } from './pretty.ts'
import { printExpr } from './print.ts'

describe('a query prints as Prometheus prints it', () => {
  const is = (query: string, printed: string = query) =>
    test(`${query} prints as ${printed}`, () => expect(printExpr(parseExpr(query))).toBe(printed))
  is('sum   by(job,  "service.name")(up)', 'sum by (job, "service.name") (up)')
  is('sum(up)by()', 'sum(up)')
  is('sum without() (up)', 'sum without () (up)')
  is('topk(5,up) by (job)', 'topk by (job) (5, up)')
  is('count_values("v", up)')
  is('up{job=\'node\',instance=~"a.*",}', 'up{instance=~"a.*",job="node"}')
  is('up{}', 'up')
  is('{"my.metric", "a b"=\'x\'}', '{"a b"="x",__name__="my.metric"}')
  is('{__name__="up"}')
  is('up offset 60s', 'up offset 1m')
  is('up offset -1h30m')
  is('up offset 0', 'up')
  is('up offset 5m @ 1.5', 'up @ 1.500 offset 5m')
  is('up[300] @ start()', 'up[5m] @ start()')
  is('up[5m] offset 1m anchored', 'up[5m] anchored offset 1m')
  is('up smoothed @ end()', 'up @ end() smoothed')
  is('up[1d:] offset 1w')
  is('rate(up[5m])[1h:30s] @ 1603774568', 'rate(up[5m])[1h:30s] @ 1603774568.000')
  is('up[5m*2+step()]', 'up[5m * 2 + step()]')
  is('up[-(10s-5)+20s]', 'up[-(10s - 5) + 20s]')
  is('up[(5m)]')
  is('up offset -min_of(5s,range())', 'up offset -min_of(5s, range())')
  is('up offset (1m + 1)')
  is('a+b', 'a + b')
  is('a==bool on()b', 'a == bool on () b')
  is('a/ignoring(x)group_left b', 'a / ignoring (x) group_left () b')
  is('a*on(x)group_right(y)fill(1000000)b', 'a * on (x) group_right (y) fill (1e+06) b')
  is('a + fill_left(1) fill_right(-2.5) b', 'a + fill_left (1) fill_right (-2.5) b')
  is('a + fill_left(1) fill_right(1) b', 'a + fill (1) b')
  is('1e6', '1000000')
  is('1e-7', '0.0000001')
  is('-Inf', '-Inf')
  is('1h30m', '1h30m')
  is('-90s', '-1m30s')
  is('-a', '-a')
  is('- ( a )', '-(a)')
  is('"tab\\t☺\\xff"')
  is('time( )', 'time()')
  is('label_join(a, "x", ",", "y")')
  is('a </ 5', 'a </ 5')
})

describe('a long query is split', () => {
  const is = (query: string, ...lines: readonly string[]) =>
    test(lines[0] ?? '', () => {
      expect(prettyPrint(parseExpr(query)).split('\n')).toEqual(lines)
      expect(printExpr(parseExpr(lines.join('\n')))).toBe(printExpr(parseExpr(query)))
    })
  is('sum by(a)(rate(x[5m]))', 'sum by (a) (rate(x[5m]))')
  is(
    'sum by(a)(rate(http_requests_total{job="x",code=~"5.."}[5m] offset 1m))/ignoring(b)group_left(c) sum(foo)',
    '  sum by (a) (rate(http_requests_total{code=~"5..",job="x"}[5m] offset 1m))',
    '/ ignoring (b) group_left (c)',
    '  sum(foo)',
  )
  const long = 'http_request_duration_seconds_bucket{environment="production",handler="/api/v1/query_range",job="prometheus"}'
  is(
    `histogram_quantile(0.9, sum by (le) (rate(${long}[5m])))`,
    'histogram_quantile(',
    '  0.9,',
    '  sum by (le) (',
    '    rate(',
    `      ${long}[5m]`,
    '    )',
    '  )',
    ')',
  )
  is(`topk(3, (-${long}))`, 'topk(', '  3,', '  (', `    -${long}`, '  )', ')')
  is(`max_over_time((${long} > 0)[1h:1m])`, 'max_over_time(', '  (', `      ${long}`, '    >', '      0', '  )[1h:1m]', ')')
})

describe('the tree for /api/v1/parse_query', () => {
  test('names nodes as Prometheus does', () => {
    expect(exprToJson(parseExpr('sum by (job) (rate(up{job!="x"}[5m] offset 1m)) > bool on(job) 2 * a'))).toEqual({
      type: 'binaryExpr',
      op: '>',
      bool: true,
      matching: { card: 'one-to-one', labels: ['job'], on: true, include: [], fillValues: { lhs: null, rhs: null } },
      lhs: {
        type: 'aggregation',
        op: 'sum',
        param: null,
        grouping: ['job'],
        without: false,
        expr: {
          type: 'call',
          func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
          args: [
            {
              type: 'matrixSelector',
              name: 'up',
              range: 300_000,
              rangeExpr: null,
              offset: 60_000,
              offsetExpr: null,
              matchers: [
                { name: 'job', value: 'x', type: '!=' },
                { name: '__name__', value: 'up', type: '=' },
              ],
              timestamp: null,
              startOrEnd: null,
              anchored: false,
              smoothed: false,
            },
          ],
        },
      },
      rhs: {
        type: 'binaryExpr',
        op: '*',
        bool: false,
        matching: null,
        lhs: { type: 'numberLiteral', val: '2' },
        rhs: expect.objectContaining({ type: 'vectorSelector', name: 'a' }),
      },
    })
  })

  test('holds what a selector and a subquery say of time', () => {
    expect(exprToJson(parseExpr('(-a @ end())[1h:5m] @ 1.5'))).toMatchObject({
      type: 'subquery',
      range: 3_600_000,
      step: 300_000,
      offset: 0,
      timestamp: 1500,
      startOrEnd: null,
      expr: { type: 'parenExpr', expr: { type: 'unaryExpr', op: '-', expr: { startOrEnd: 'end', timestamp: null } } },
    })
    expect(exprToJson(parseExpr('up offset -(5m)'))).toMatchObject({ type: 'vectorSelector', offset: -300_000, offsetExpr: null })
    expect(exprToJson(parseExpr('"text"'))).toEqual({ type: 'stringLiteral', val: 'text' })
  })

  test('holds lengths of time that are yet to be computed', () => {
    const literal = (val: string, duration: boolean) => ({ type: 'numberLiteral', val, duration })
    const operation = (op: string, lhs: unknown, rhs: unknown, wrapped = false) => ({ type: 'durationExpr', op, lhs, rhs, wrapped })
    expect(exprToJson(parseExpr('up[5m * 1.5:max_of(step(), 10s)] offset -(range() - (1))'))).toEqual({
      type: 'subquery',
      expr: {
        type: 'vectorSelector',
        name: 'up',
        offset: 0,
        offsetExpr: null,
        matchers: [{ name: '__name__', value: 'up', type: '=' }],
        timestamp: null,
        startOrEnd: null,
        anchored: false,
        smoothed: false,
      },
      range: 0,
      rangeExpr: operation('*', literal('300', true), literal('1.5', false)),
      step: 0,
      stepExpr: operation('max_of', operation('step', null, null), literal('10', true)),
      offset: 0,
      offsetExpr: operation('-', null, operation('-', operation('range', null, null), literal('1', false), true)),
      timestamp: null,
      startOrEnd: null,
    })
    expect(exprToJson(parseExpr('up[-(-5m) + 1]'))).toMatchObject({
      type: 'matrixSelector',
      rangeExpr: operation('+', literal('300', true), literal('1', false)),
    })
  })
})
