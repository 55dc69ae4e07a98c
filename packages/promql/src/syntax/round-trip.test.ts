// What is printed parses to the same tree: over random trees, so that no combination of modifiers is forgotten.

import { Matcher, METRIC_NAME, QueryError } from '@promlet/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { At, BinaryOperator, DurationExpr, Expr, VectorSelector } from './ast.ts'
import { parseExpr } from './parse.ts'
import { prettyPrint } from './pretty.ts'
import { printExpr } from './print.ts'
import { valueType } from './value-type.ts'

const position = { start: 0, end: 0 }
const name = fc.constantFrom('up', 'http_requests_total', 'job:rate5m', 'sum', 'offset', 'start', 'by', 'fill')
const label = fc.constantFrom('job', 'instance', 'service.name', 'on', 'a b', '☺')
const text = fc.string({ unit: 'binary', maxLength: 4 }).filter((one) => !one.includes('\ufffd'))

const duration: fc.Arbitrary<DurationExpr> = fc.letrec<{ duration: DurationExpr }>((tie) => ({
  duration: fc.oneof(
    { maxDepth: 3 },
    fc.nat(10_000_000).map((ms): DurationExpr => ({ kind: 'fixed', ms: ms + 1, duration: true, wrapped: false, position })),
    fc.constantFrom('step' as const, 'range' as const).map((kind): DurationExpr => ({ kind, wrapped: false, position })),
    // Parentheses around every operation keep its place in the tree whatever it stands in.
    fc
      .record({ operator: fc.constantFrom('+', '-', '*', 'min', 'max'), left: tie('duration'), right: tie('duration') })
      .map(
        (parts) => ({ kind: 'binary', ...parts, wrapped: parts.operator !== 'min' && parts.operator !== 'max', position }) as DurationExpr,
      ),
    tie('duration').map((operand) =>
      operand.kind === 'fixed' ? operand : ({ kind: 'negate', operand, wrapped: true, position } as DurationExpr),
    ),
  ),
})).duration

const at: fc.Arbitrary<At> = fc.oneof(
  fc.constantFrom<At>({ kind: 'start' }, { kind: 'end' }),
  fc.integer({ min: -1e12, max: 1e13 }).map((ms): At => ({ kind: 'timestamp', at: ms })),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const selector: fc.Arbitrary<VectorSelector> = fc
  .record({
    name,
    conditions: fc.array(fc.tuple(label, fc.constantFrom('=', '!='), text), { maxLength: 2 }),
    offset: optional(duration),
    at: optional(at),
    extension: optional(fc.constantFrom('anchored', 'smoothed')),
  })
  .map(({ name, conditions, ...rest }) => {
    const matchers = conditions.map(([label, operator, value]) => new Matcher(label, operator as '=', value))
    matchers.sort((left, right) => (String(left) < String(right) ? -1 : 1))
    return {
      kind: 'vector-selector',
      name,
      matchers: [...matchers, new Matcher(METRIC_NAME, '=', name)],
      ...rest,
      position,
    } as VectorSelector
  })

const expr: fc.Arbitrary<Expr> = fc.letrec<{ expr: Expr; vector: Expr; wrapped: Expr }>((tie) => ({
  wrapped: tie('expr').map((inner): Expr => ({ kind: 'paren', expr: inner, position })),
  vector: tie('expr').map(
    (inner): Expr =>
      valueType(inner) === 'vector' ? { kind: 'paren', expr: inner, position } : { kind: 'call', name: 'vector', args: [inner], position },
  ),
  expr: fc.oneof(
    { maxDepth: 4 },
    selector,
    fc.double({ noNaN: true, min: 0 }).map((value): Expr => ({ kind: 'number', value, duration: false, position })),
    fc.nat(1e9).map((ms): Expr => ({ kind: 'number', value: ms / 1000, duration: true, position })),
    tie('wrapped'),
    tie('wrapped').map((inner): Expr => ({ kind: 'unary', operator: '-', expr: inner, position })),
    fc.record({ selector: selector.map(({ ...rest }) => rest), range: duration }).map(
      ({ selector, range }): Expr => ({
        kind: 'call',
        name: 'rate',
        args: [{ kind: 'matrix-selector', selector, range, position }],
        position,
      }),
    ),
    fc
      .record({ expr: tie('vector'), range: duration, step: optional(duration), offset: optional(duration), at: optional(at) })
      .map((parts): Expr => ({ kind: 'call', name: 'max_over_time', args: [{ kind: 'subquery', ...parts, position }], position })),
    fc
      .record({
        operator: fc.constantFrom('sum', 'topk'),
        expr: tie('vector'),
        grouping: fc.array(label, { maxLength: 2 }),
        without: fc.boolean(),
      })
      .map(
        (parts) =>
          ({
            kind: 'aggregation',
            ...parts,
            param: parts.operator === 'topk' ? { kind: 'number', value: 3, duration: false, position } : undefined,
            position,
          }) as Expr,
      ),
    fc
      .record({
        operator: fc.constantFrom<BinaryOperator>('+', '^', '==', 'atan2', 'and', '</'),
        left: tie('vector'),
        right: tie('vector'),
        on: fc.boolean(),
        labels: fc.array(label, { maxLength: 2 }),
        fill: optional(fc.constantFrom(0, -1, 2e9)),
      })
      .map(({ operator, left, right, on, labels, fill }): Expr => {
        const isSet = operator === 'and'
        const fills = isSet ? { fillLeft: undefined, fillRight: undefined } : { fillLeft: fill, fillRight: on ? fill : undefined }
        const matching = { cardinality: isSet ? 'many-to-many' : 'one-to-one', on, labels, include: [], ...fills } as const
        return { kind: 'binary', operator, left, right, matching, bool: operator === '==' && on, position }
      }),
  ),
})).expr

/** A tree without what printing cannot keep: where its nodes stood. */
function bare(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, one) => {
      if (key === 'position' || key === 'regex') return undefined
      return typeof one === 'number' && !Number.isFinite(one) ? String(one) : one
    }),
  )
}

describe('printing and parsing', () => {
  test('a random tree comes back as it was, from one line and from many', () => {
    fc.assert(
      fc.property(expr, (tree) => {
        const printed = printExpr(tree)
        expect(bare(parseExpr(printed)), printed).toEqual(bare(tree))
        expect(printExpr(parseExpr(prettyPrint(tree)))).toBe(printed)
      }),
      { numRuns: 500 },
    )
  })
})

describe('any text', () => {
  const piece = fc.constantFrom(
    ...['sum', 'by', '(', ')', '{', '}', '[', ']', ',', ':', '=', '=~', '"x"', '5m', '1', 'up', 'offset', '@', '+', '-', '^', 'bool', 'on'],
    ...['rate', 'step', 'start', 'fill', 'and', '#', '\n', ' ', '☺', '"', '`', '\\', '.', 'anchored', 'info', 'group_left', '</'],
  )
  const scraps = fc.array(piece, { maxLength: 12 }).chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join(' ')))

  test('parses, or fails with an error that has a place in it', () => {
    fc.assert(
      fc.property(fc.oneof(scraps, fc.string({ unit: 'binary' })), (query) => {
        try {
          expect(parseExpr(printExpr(parseExpr(query)))).toBeDefined()
        } catch (error) {
          expect(error, query).toBeInstanceOf(QueryError)
          const place = (error as QueryError).position
          expect(place?.start, query).toBeGreaterThanOrEqual(0)
          expect(place?.end, query).toBeLessThanOrEqual(query.length)
          expect(place?.end, query).toBeGreaterThanOrEqual(place?.start ?? Infinity)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
