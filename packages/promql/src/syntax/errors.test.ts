import { QueryError } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { allFeatures } from './features.ts'
import { parseExpr } from './parse.ts'
import { problemPlace, renderProblem } from './problem.ts'

function problemOf(query: string, features = allFeatures): QueryError {
  try {
    parseExpr(query, { features })
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error(`${query} was accepted`)
}

/** `place` is line:column of the error, as Prometheus counts. */
const fails = (query: string, place: string, message: string) =>
  test(`${JSON.stringify(query.slice(0, 60))}: ${message}`, () => {
    const problem = problemOf(query)
    expect(problem.message).toBe(`${place}: parse error: ${message}`)
    expect(problem.code).toBe('bad_data')
    expect(problem.position?.start).toBeLessThanOrEqual(query.length)
  })

describe('what cannot be cut into tokens', () => {
  fails('.', '1:1', "unexpected character: '.'")
  fails('$x', '1:1', "unexpected character: '$'")
  fails('a ☺', '1:3', "unexpected character: '☺'")
  fails('2.5.', '1:1', 'bad number or duration syntax: "2.5."')
  fails('100..4', '1:1', 'bad number or duration syntax: "100.."')
  fails('0deadbeef', '1:1', 'bad number or duration syntax: "0de"')
  fails('a[5mm]', '1:3', 'bad number or duration syntax: "5mm"')
  fails('a[5m1]', '1:3', 'bad number or duration syntax: "5m1"')
  fails('1 !~ 1', '1:3', "unexpected character after '!': '~'")
  fails('1 =~ 1', '1:3', "unexpected character after '=': '~'")
  fails('a !', '1:3', "unexpected character after '!': '�'")
  fails('(1))', '1:5', "unexpected right parenthesis ')'")
  fails('((1)', '1:5', 'unclosed left parenthesis')
  fails('sum(rate(', '1:10', 'unclosed left parenthesis')
  fails('a[5m', '1:5', 'unclosed left bracket')
  fails('a]', '1:2', "unexpected right bracket ']'")
  fails('}', '1:1', "unexpected character: '}'")
  fails('a{', '1:3', 'unexpected end of input inside braces')
  fails('a{{', '1:3', "unexpected left brace '{'")
  fails('a{b:c="d"}', '1:4', "unexpected character inside braces: ':'")
  fails('a{b!}', '1:4', "unexpected character after '!' inside braces: '}'")
  fails('a{1}', '1:3', "unexpected character inside braces: '1'")
  fails('a[', '1:3', 'unexpected end of input in duration expression')
  fails('a["5m"]', '1:3', `unexpected character in duration expression: '"'`)
  fails('a[x]', '1:3', "unexpected character in duration expression: 'x'")
  fails('a[5s x 5s]', '1:6', "unexpected character: 'x', expected ':'")
  fails('a[5m:1m:1m]', '1:8', "unexpected colon ':'")
  fails('a[:5m]', '1:4', 'unexpected colon before duration in duration expression')
  fails('a[1m[5m]]', '1:5', "unexpected left bracket '['")
  fails('"open', '1:1', 'unterminated quoted string')
  fails('"two\nlines"', '1:1', 'unterminated quoted string')
  fails('`\\``', '1:4', 'unterminated raw string')
  fails('"\\', '1:1', 'escape sequence not terminated')
  fails('"\\c"', '1:1', "unknown escape sequence U+0063 'c'")
  fails('"\\x."', '1:1', "illegal character U+002E '.' in escape sequence")
  fails('"\\ud800"', '1:1', 'escape sequence is an invalid Unicode code point')
  fails('"\\777"', '1:1', 'escape sequence is an invalid Unicode code point')
  fails('"\ud800"', '1:1', 'invalid UTF-8 rune')
})

describe('tokens where they cannot stand', () => {
  fails('', '1:1', 'no expression found in input')
  fails('# just a comment\n\n', '1:1', 'no expression found in input')
  fails('1+', '1:3', 'unexpected end of input')
  fails('*1', '1:1', 'unexpected <op:*>')
  fails('@@', '1:1', 'unexpected <op:@>')
  fails('-=', '1:2', 'unexpected "="')
  fails('a b', '1:3', 'unexpected identifier "b"')
  fails('a a:b', '1:3', 'unexpected metric identifier "a:b"')
  fails('a 5', '1:3', 'unexpected number "5"')
  fails('a 5m', '1:3', 'unexpected duration "5m"')
  fails('a "a long string"', '1:3', 'unexpected string "\\"a long st"...')
  fails('a bool', '1:3', 'unexpected <bool>')
  fails('on(x)', '1:1', 'unexpected <on>')
  fails('a:b(c)', '1:4', 'unexpected "("')
  fails('a - on(b) ignoring(c) d', '1:11', 'unexpected <ignoring>')
  fails('a + group_left(b) c', '1:5', 'unexpected <group_left>')
  fails('a + on(b) group_left == c', '1:22', 'unexpected <op:==> in grouping opts, expected "("')
  fails('a + fill(x) b', '1:10', 'unexpected identifier "x"')
  fails('a + fill_left(1) fill_left(2) b', '1:18', 'unexpected <fill_left>')
  fails('sum some_metric by (test)', '1:5', 'unexpected identifier "some_metric"')
  fails('MIN keep_common (a)', '1:5', 'unexpected identifier "keep_common"')
  fails('sum (a) without (b) by (c)', '1:21', 'unexpected <by>')
  fails('sum by (x) a', '1:12', 'unexpected identifier "a" in aggregation')
  fails('sum(a b)', '1:7', 'unexpected identifier "b" in aggregation')
  fails('sum(abs(a b))', '1:11', 'unexpected identifier "b" in aggregation')
  fails('abs(a b)', '1:7', 'unexpected identifier "b"')
  fails('sum (a) by test', '1:12', 'unexpected identifier "test" in grouping opts, expected "("')
  fails('sum without(==)(a)', '1:13', 'unexpected <op:==> in grouping opts, expected label')
  fails('sum without(foo,,)(a)', '1:17', 'unexpected "," in grouping opts, expected label')
  fails('sum by (without) (a)', '1:9', 'unexpected <without> in grouping opts, expected label')
  fails('sum by (a b) (c)', '1:11', 'unexpected identifier "b" in grouping opts, expected "," or ")"')
  fails('sum by (sum avg) (c)', '1:13', 'unexpected <aggr:avg> in grouping opts, expected "," or ")"')
  fails('a{b=c}', '1:5', 'unexpected identifier "c" in label matching, expected string')
  fails('a{b}', '1:4', 'unexpected "}" in label matching, expected label matching operator')
  fails('a{,}', '1:3', 'unexpected "," in label matching, expected identifier or "}"')
  fails('a{b="c" d}', '1:9', 'unexpected identifier "d" in label matching, expected "," or "}"')
  fails('a{"b"=}', '1:7', 'unexpected "}" in label matching, expected string')
  fails('a[]', '1:3', 'unexpected "]" in subquery or range selector, expected number, duration, step(), or range()')
  fails('a[5m+]', '1:6', 'unexpected "]" in subquery or range selector, expected number, duration, step(), or range()')
  fails('a[step]', '1:7', 'unexpected "]" in subquery or range selector, expected number, duration, step(), or range()')
  fails('a[5m 5m]', '1:6', 'unexpected duration "5m" in subquery or range, expected ":" or "]"')
  fails('a[5m:,]', '1:6', 'unexpected "," in subquery selector, expected number, duration, step(), range(), or "]"')
  fails('a[5m:5m 5m]', '1:9', 'unexpected duration "5m" in subquery selector, expected "]"')
  fails('a[5m] OFFSET', '1:13', 'unexpected end of input in offset, expected number, duration, step(), or range()')
  fails('sum(a offset b)', '1:14', 'unexpected identifier "b" in offset, expected number, duration, step(), or range()')
  fails('a[5m] @', '1:8', 'unexpected end of input in @, expected timestamp')
  fails('a @ start', '1:10', 'unexpected end of input in @, expected timestamp')
  fails('a @ (5)', '1:5', 'unexpected "(" in @, expected timestamp')
})

describe('what says nothing', () => {
  fails('rat(a)', '1:1', 'unknown function with name "rat"')
  fails('a > b()', '1:5', 'unknown function with name "b"')
  fails('topk(a,)', '1:7', 'trailing commas not allowed in function call args')
  fails('floor(a,,b)', '1:8', 'trailing commas not allowed in function call args')
  fails('sum () by (test)', '1:1', 'no arguments for aggregate expression provided')
  fails('topk(a)', '1:1', 'wrong number of arguments for aggregate expression provided, expected 2, got 1')
  fails('sum by ("a\\xff") (b)', '1:9', 'invalid label name for grouping: "a\\xff"')
  fails('a[5y1hs]', '1:3', 'unknown unit "hs" in duration "5y1hs"')
  fails('a[5m1h]', '1:3', 'not a valid duration string: "5m1h"')
  fails('a[0m]', '1:3', 'duration must be greater than 0')
  fails('a[-1]', '1:3', 'duration must be greater than 0')
  fails('a[9.5e10]', '1:3', 'duration out of range')
  fails('a offset 9.5e10', '1:10', 'duration out of range')
  fails('a[step()/0d]', '1:9', 'division by zero')
  fails('a offset (5s%0)', '1:13', 'modulo by zero')
  fails('a offset 1m[5m]', '1:12', 'no offset modifiers allowed before range')
  fails('a @ 1234 [5m]', '1:10', 'no @ modifiers allowed before range')
  fails('(a + b)[5m]', '1:8', 'ranges only allowed for vector selectors')
  fails('1 offset 1d', '1:1', 'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  fails('rate(a[5m]) @ 1', '1:1', '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  fails('a offset 1s offset 2s', '1:1', 'offset may not be set multiple times')
  fails('a @ 1 @ start()', '1:1', '@ <timestamp> may not be set multiple times')
  fails('a @ +Inf', '1:1', 'timestamp out of bounds for @ modifier: +Inf')
  fails('a @ 9223372036854775808', '1:1', 'timestamp out of bounds for @ modifier: 9223372036854775808.000000')
  fails('a[5m] anchored smoothed', '1:1', 'anchored and smoothed modifiers cannot be used together')
  fails('a[5m:] smoothed', '1:1', 'smoothed modifier is not supported for subqueries')
  fails('1 anchored', '1:1', 'anchored modifier not implemented')
  fails(`1${'0'.repeat(400)}`, '1:1', `error parsing number: strconv.ParseFloat: parsing "1${'0'.repeat(400)}": value out of range`)
  fails('a{b=~"("}', '1:3', 'error parsing regexp: missing closing ): `^(?s:()$`')
})

describe('what does not fit together', () => {
  fails('{}', '1:1', 'vector selector must contain at least one non-empty matcher')
  fails('{x=~".*", y!="a"}', '1:1', 'vector selector must contain at least one non-empty matcher')
  fails('foo{__name__="bar"}', '1:1', 'metric name must not be set twice: "foo" or "bar"')
  fails('-"string"', '1:1', 'unary expression only allowed on expressions of type scalar or instant vector, got "string"')
  fails('-a[5m]', '1:1', 'unary expression only allowed on expressions of type scalar or instant vector, got "range vector"')
  fails('1 == 1', '1:3', 'comparisons between scalars must use BOOL modifier')
  fails('a + bool b', '1:3', 'bool modifier can only be used on comparison operators')
  fails('a + on(x) group_left(y,x) b', '1:3', 'label "x" must not occur in ON and GROUP clause at once')
  fails('1 and a', '1:1', 'set operator "and" not allowed in binary scalar expression')
  fails('1 or on(b) a', '1:1', 'vector matching only allowed between instant vectors')
  fails('a + fill(1) 1', '1:1', 'filling in missing series only allowed between instant vectors')
  fails('a and fill(1) b', '1:1', 'filling in missing series not allowed for set operators')
  fails('a and on(b) group_left(c) d', '1:1', 'no grouping allowed for "and" operation')
  fails('a[5m] + 1', '1:1', 'binary expression must contain only scalar and instant vector types')
  fails('a + "b"', '1:5', 'binary expression must contain only scalar and instant vector types')
  fails('sum(1)', '1:5', 'expected type instant vector in aggregation expression, got scalar')
  fails('topk(a, b)', '1:6', 'expected type scalar in aggregation parameter, got instant vector')
  fails('count_values(5, b)', '1:14', 'expected type string in aggregation parameter, got scalar')
  fails('floor()', '1:1', 'expected 1 argument(s) in call to "floor", got 0')
  fails('label_join(a)', '1:1', 'expected at least 3 argument(s) in call to "label_join", got 1')
  fails('hour(a, a, a)', '1:1', 'expected at most 1 argument(s) in call to "hour", got 3')
  fails('rate(a)', '1:6', 'expected type range vector in call to function "rate", got instant vector')
  fails('label_join(a, "x", "y", "z", 5)', '1:30', 'expected type string in call to function "label_join", got scalar')
  fails('a[5m:][1m:]', '1:1', 'subquery is only allowed on instant vector, got matrix instead')
  fails('info(a, b{c="d"})', '1:9', 'expected label selectors only, got vector selector instead')
  fails('info(a, {c="d"} == 1)', '1:9', 'expected label selectors only')
})

describe('features that Prometheus has behind a flag', () => {
  const off = { experimentalFunctions: false, durationExpressions: false, extendedRangeSelectors: false, fillModifiers: false }
  const refuses = (query: string, message: string) =>
    test(`${query} is refused without it`, () => {
      expect(problemOf(query, off).message).toContain(message)
      expect(() => parseExpr(query)).not.toThrow()
    })
  refuses('mad_over_time(a[5m])', '1:1: parse error: function "mad_over_time" is not enabled')
  refuses(
    'limitk(1, a)',
    '1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
  )
  refuses('a[5m+1m]', '1:3: parse error: experimental duration expression is not enabled')
  refuses('a offset step()', '1:10: parse error: experimental duration expression is not enabled')
  refuses('a[5m] smoothed', '1:1: parse error: smoothed modifier is experimental and not enabled')
  refuses('a + fill(0) b', '1:1: parse error: binop fill modifiers are experimental and not enabled')
})

describe('places', () => {
  fails('sum(\n  up,\n  é\n)', '3:3', "unexpected character: 'é'")
  fails('"é" + $', '1:8', "unexpected character: '$'")

  test('positions count UTF-16 units, columns bytes', () => {
    expect(problemOf('"é😀" + $').position).toEqual({ start: 8, end: 9 })
    expect(problemOf('"é😀" + $').message).toContain('1:12: ')
  })

  test('a query that is nested too deeply is refused, not the end of the process', () => {
    expect(problemOf(`${'('.repeat(5000)}1${')'.repeat(5000)}`).message).toContain('the query is nested more than 1000 levels deep')
    expect(problemOf('-{}-1'.repeat(10_000)).message).toContain('levels deep')
    expect(problemOf(`a${'[1m:]'.repeat(5000)}`).message).toContain('levels deep')
    expect(problemOf(`a[${'('.repeat(5000)}5m`).message).toContain('levels deep')
    expect(() => parseExpr(`a${' + a'.repeat(900)}`)).not.toThrow()
  })
})

describe('problemPlace', () => {
  test('has line and column, what was found, what could stand there, and the line with carets', () => {
    const query = 'sum by (job) (\n  rate(up)\n)'
    expect(problemPlace(query, problemOf(query))).toEqual({
      line: 2,
      column: 8,
      found: 'up',
      excerpt: '2 |   rate(up)\n           ^^',
    })
    expect(problemPlace('sum by job (x)', problemOf('sum by job (x)'))).toMatchObject({ column: 8, found: 'job', expected: '"("' })
    expect(problemPlace('sum(', problemOf('sum('))).toMatchObject({ line: 1, column: 5, found: '', expected: '")"' })
    expect(problemPlace('topk(up)', problemOf('topk(up)'))).not.toHaveProperty('expected')
  })

  test('is nothing for an error without a place', () => {
    expect(problemPlace('up', new QueryError('execution', 'too many samples'))).toBeUndefined()
  })
})

describe('renderProblem', () => {
  const renders = (query: string, ...lines: readonly string[]) =>
    test(JSON.stringify(query), () => expect(renderProblem(query, problemOf(query)).split('\n')).toEqual(lines))
  renders(
    'rate(up)',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    '1 | rate(up)',
    '         ^^',
    'add a range such as [5m], or make a subquery such as [5m:1m]',
  )
  renders(
    'sum(\n\tup{job=node}\n)',
    '2:9: parse error: unexpected identifier "node" in label matching, expected string',
    '2 | \tup{job=node}',
    '    \t       ^^^^',
    'expected the value in quotes',
  )
  renders(
    'up +',
    '1:5: parse error: unexpected end of input',
    '1 | up +',
    '        ^',
    'the query ends here; expected a metric name, a function, an aggregation, a number, a string or "("',
  )
  renders('raet(up[5m])', '1:1: parse error: unknown function with name "raet"', '1 | raet(up[5m])', '    ^^^^', 'did you mean rate?')

  test('says what could stand there also where the message does not', () => {
    const hintOf = (query: string) => problemOf(query).hint
    expect(hintOf('sum(')).toBe('the query ends here; expected ")"')
    expect(hintOf('up{job="node"')).toBe('the query ends here; expected "," or "}"')
    expect(hintOf('sum(up))')).toBe('found ); no parenthesis is open here')
    expect(hintOf('topk(up)')).toBe('write topk(number, vector)')
    expect(hintOf('round()')).toBe('write round(instant vector[, scalar])')
    expect(hintOf('label_join(up)')).toBe('write label_join(instant vector, string, string[, string, …])')
    expect(hintOf('1 and 2')).toMatch(/^and, or and unless stand between instant vectors/)
  })

  test('an error without a place gives its text alone', () => {
    expect(renderProblem('up', new QueryError('execution', 'too many samples'))).toBe('too many samples')
  })
})
