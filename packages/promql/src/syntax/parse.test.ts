import { describe, expect, test } from 'vitest'
import type { Expr, VectorSelector } from './ast.ts'
import { parseExpr, parseMatchers } from './parse.ts'

/** How a query binds: operators before their operands, selectors by their text. */
function shape(expr: Expr, query: string): string {
  switch (expr.kind) {
    case 'binary':
      return `(${expr.operator} ${shape(expr.left, query)} ${shape(expr.right, query)})`
    case 'unary':
      return `(${expr.operator} ${shape(expr.expr, query)})`
    case 'subquery':
      return `(subquery ${shape(expr.expr, query)})`
    case 'number':
      return String(expr.value)
    default:
      return `‹${query.slice(expr.position.start, expr.position.end)}›`
  }
}

describe('operators bind as in Prometheus', () => {
  const is = (query: string, expected: string) =>
    test(`${query} is ${expected}`, () => expect(shape(parseExpr(query), query)).toBe(expected))
  is('1 + 2 * 3', '(+ 1 (* 2 3))')
  is('1 - 2 - 3', '(- (- 1 2) 3)')
  is('a + b or c and d', '(or (+ ‹a› ‹b›) (and ‹c› ‹d›))')
  is('a and b unless c or d', '(or (unless (and ‹a› ‹b›) ‹c›) ‹d›)')
  is('a == b + 1 > c', '(> (== ‹a› (+ ‹b› 1)) ‹c›)')
  is('a atan2 b * c', '(* (atan2 ‹a› ‹b›) ‹c›)')
  is('a </ b + c', '(</ ‹a› (+ ‹b› ‹c›))')
  is('2 ^ 3 ^ 2', '(^ 2 (^ 3 2))')
  is('-1 ^ 2', '(- (^ 1 2))')
  is('-1 * 2', '(* -1 2)')
  is('2 ^ -1 ^ 2', '(^ 2 (- (^ 1 2)))')
  is('a ^ -b * c', '(* (^ ‹a› (- ‹b›)) ‹c›)')
  is('--1', '1')
  is('+a - -1', '(- (+ ‹a›) -1)')
  is('-a offset 5m', '(- ‹a offset 5m›)')
  is('a + b offset 5m * c', '(+ ‹a› (* ‹b offset 5m› ‹c›))')
  is('a offset 1m + 1', '(+ ‹a offset 1m› 1)')
  is('a offset -2 ^ 2', '(^ ‹a offset -2› 2)')
  is('a offset step() * 0', '(* ‹a offset step()› 0)')
  is('(a + b) * c', '(* ‹(a + b)› ‹c›)')
})

describe('numbers', () => {
  const is = (query: string, value: number) =>
    test(`${query} is ${value}`, () => expect(parseExpr(query)).toMatchObject({ kind: 'number', value }))
  is('1', 1)
  is('.5', 0.5)
  is('5.', 5)
  is('5e-3', 0.005)
  is('0xc', 12)
  is('0755', 493)
  is('-0755', -493)
  is('1_000', 1000)
  is('0x_1F', 31)
  is('+Inf', Infinity)
  is('-inf', -Infinity)
  is('NaN', Number.NaN)

  test('a duration is its seconds, and is remembered to be one', () => {
    expect(parseExpr('1h30m')).toMatchObject({ kind: 'number', value: 5400, duration: true })
    expect(parseExpr('-5m')).toMatchObject({ value: -300, duration: true, position: { start: 0, end: 3 } })
    expect(parseExpr('150ms')).toMatchObject({ value: 0.15 })
  })
})

describe('strings', () => {
  const is = (query: string, value: string) =>
    test(`${query} is ${JSON.stringify(value)}`, () => expect(parseExpr(query)).toMatchObject({ kind: 'string', value }))
  is(`"double \\" quote"`, 'double " quote')
  is(`'single \\' quote'`, "single ' quote")
  is('`raw \\n ☺`', 'raw \\n ☺')
  is('`two\nlines`', 'two\nlines')
  is(`"\\a\\b\\f\\n\\r\\t\\v\\\\"`, '\x07\b\f\n\r\t\v\\')
  is(`"\\u1234\\U00010111\\U0001011111☺"`, '\u1234\u{10111}\u{10111}11☺')
  is(`"\\xe2\\x98\\xba\\342\\230\\272"`, '☺☺')
  is(`"a\\xc5z\\377"`, 'a\udcc5z\udcff')
  is(`""`, '')
})

describe('selectors', () => {
  const matchers = (query: string) => (parseExpr(query) as VectorSelector).matchers.map(String)

  test('the name before the braces is the last matcher', () => {
    expect(matchers('up{job="node", env!="dev", a=~"x", b!~"y",}')).toEqual([
      'job="node"',
      'env!="dev"',
      'a=~"x"',
      'b!~"y"',
      '__name__="up"',
    ])
    expect(parseExpr('up{}')).toMatchObject({ name: 'up', position: { start: 0, end: 4 } })
  })

  test('a quoted text alone is the name, quoted names are labels', () => {
    expect(matchers(`{"my.metric", "service.name"="x", 'a'='b'}`)).toEqual(['__name__="my.metric"', '"service.name"="x"', 'a="b"'])
    expect(parseExpr('{"foo"}')).toMatchObject({ name: '' })
  })

  test.each(['sum', 'by', 'offset', 'start', 'step', 'range', 'min_of', 'anchored', 'fill', 'fill_left', 'and', 'limitk'])(
    '%s can be the name of a metric',
    (name) => {
      expect(parseExpr(name)).toMatchObject({ kind: 'vector-selector', name })
      expect(parseExpr(`${name}{a="b"} + 1`)).toMatchObject({ left: { name } })
    },
  )

  test('keywords are names inside braces and in grouping', () => {
    expect(matchers('a{by="x", bool="y", NaN="z"}')).toHaveLength(4)
    expect(parseExpr('sum without (and, by, bool, on, "x y") (a)')).toMatchObject({
      without: true,
      grouping: ['and', 'by', 'bool', 'on', 'x y'],
    })
  })

  test('comments and line breaks are skipped', () => {
    expect(parseExpr('sum( # of all\n  up{ # here too\n job="node" }\n) # end')).toMatchObject({ kind: 'aggregation' })
  })

  test('a selector alone gives its matchers, and may match everything', () => {
    expect(parseMatchers('up{job="node"}').map(String)).toEqual(['job="node"', '__name__="up"'])
    expect(parseMatchers('{}')).toEqual([])
    expect(() => parseMatchers('sum(up)')).toThrow('1:4: parse error: unexpected "("')
    expect(() => parseMatchers('up{')).toThrow('1:4: parse error: unexpected end of input inside braces')
  })
})

describe('ranges, offsets and @', () => {
  const is = (query: string, parts: object) => test(query, () => expect(parseExpr(query)).toMatchObject(parts))
  is('a[5m]', { kind: 'matrix-selector', range: { kind: 'fixed', ms: 300_000 } })
  is('a[4.18]', { range: { ms: 4180 } })
  is('a[0.0005]', { range: { ms: 0 } })
  is('a[5m] offset -1w', { selector: { offset: { ms: -604_800_000 } }, position: { start: 0, end: 16 } })
  is('a OFFSET 1h30m', { offset: { ms: 5_400_000 } })
  is('a @ 1603774568', { at: { kind: 'timestamp', at: 1_603_774_568_000 } })
  is('a @ 3.3335', { at: { at: 3334 } })
  is('a @ -3.3e1', { at: { at: -33_000 } })
  is('a @ 1m', { at: { at: 60_000 } })
  is('a @ start() offset 5m', { at: { kind: 'start' }, offset: { ms: 300_000 } })
  is('a[5m] @ END()', { selector: { at: { kind: 'end' } } })
  is('a[10m:6s]', { kind: 'subquery', range: { ms: 600_000 }, step: { ms: 6000 } })
  is('a[10m:] offset 1m @ 123', { step: undefined, offset: { ms: 60_000 }, at: { at: 123_000 } })
  is('a[5m] anchored', { selector: { extension: 'anchored' } })
  is('a smoothed offset 1m', { extension: 'smoothed', offset: { ms: 60_000 } })
  is('a[5m*2]', { range: { kind: 'binary', operator: '*', left: { ms: 300_000 }, right: { ms: 2000, duration: false } } })
  is('a[11s+10s-5*2^2]', { range: { operator: '-', left: { operator: '+' }, right: { operator: '*', right: { operator: '^' } } } })
  is('a[-(10s-5s)+20s]', { range: { operator: '+', left: { kind: 'negate', operand: { wrapped: true } } } })
  is('a[-2^2]', { range: { kind: 'negate', operand: { operator: '^' } } })
  is('a[max_of(step(), 5s):range()]', { range: { operator: 'max', left: { kind: 'step' } }, step: { kind: 'range' } })
  is('a offset -min_of(5s, step()+8s)', { offset: { kind: 'negate', operand: { operator: 'min', right: { operator: '+' } } } })
  is('a offset (5s-8)', { offset: { operator: '-', wrapped: true } })
})

describe('calls, aggregations and matching', () => {
  const is = (query: string, parts: object) => test(query, () => expect(parseExpr(query)).toMatchObject(parts))
  is('time()', { kind: 'call', name: 'time', args: [] })
  is('min_of(1, 2)', { kind: 'call', name: 'min_of' })
  is('start() + step()', { left: { name: 'start' }, right: { name: 'step' } })
  is('round(a, 5)', { args: [{ kind: 'vector-selector' }, { kind: 'number' }] })
  is('info(a, {x=""})', { name: 'info' })
  is('topk by (job) (5, a)', { operator: 'topk', param: { value: 5 }, grouping: ['job'], without: false })
  is('COUNT_VALUES("v", a) WITHOUT (x)', { operator: 'count_values', param: { value: 'v' }, without: true, grouping: ['x'] })
  is('sum(a) by ()', { grouping: [], without: false })
  is('a + b', { matching: { cardinality: 'one-to-one', on: false, labels: [], include: [] } })
  is('a and on() b', { matching: { cardinality: 'many-to-many', on: true, labels: [] } })
  is('a / ignoring(x) group_left b', { matching: { cardinality: 'many-to-one', on: false, labels: ['x'], include: [] } })
  is('a == bool on (x, y,) group_right (z) b', {
    bool: true,
    matching: { cardinality: 'one-to-many', on: true, labels: ['x', 'y'], include: ['z'] },
  })
  is('a + fill(-1) b', { matching: { fillLeft: -1, fillRight: -1 } })
  is('a + on(x) fill_right (2) fill_left (1m) b', { matching: { fillLeft: 60, fillRight: 2 } })
  is('a + 1', { matching: undefined })
  is('1 > bool 2', { bool: true, matching: undefined })
})
