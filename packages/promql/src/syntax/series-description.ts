// Series as tests describe them: `up{job="node"} 1 0+10x5 _ stale {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x3`.
// After the labels stand values apart by spaces; `axN` repeats a for N further steps, `a+bxN` adds b at each, `_` is
// no sample and `_xN` N of these (Prometheus: docs/configuration/unit_testing_rules.md#series).

import { isValidName, Labels, METRIC_NAME, quote } from '@promlet/model'
import type { SequenceValue, SeriesDescription } from './ast.ts'
import { type Context, Cursor, NO_CONTEXT } from './cursor.ts'
import { allFeatures } from './features.ts'
import { takeString } from './literal.ts'
import { canBeMetricName } from './selector-parser.ts'
import { parseSequence } from './sequence.ts'

const FIRST_OR_END: Context = { name: 'label set', expected: 'identifier or "}"' }
const NEXT_OR_END: Context = { name: 'label set', expected: '"," or "}"' }
const EQUALS: Context = { name: 'label set', expected: '"="' }
const VALUE: Context = { name: 'label set', expected: 'string' }

/**
 * Parses labels and values.
 * @throws `QueryError` with code `bad_data` and a position in `text`.
 */
export function parseSeriesDescription(text: string): SeriesDescription {
  const { labels, end } = parseLabels(text)
  return { labels, values: parseSequence(text, end) }
}

/**
 * Parses the labels of one series, such as `up{job="node"}`.
 * @throws `QueryError` as `parseSeriesDescription`.
 */
export function parseMetric(text: string): Labels {
  const { labels, cursor } = parseLabels(text)
  if (!cursor.is('eof')) cursor.unexpected(NO_CONTEXT, 'expected the end of the labels')
  return labels
}

/** Values alone, as rule unit tests have them beside their series. */
export function parseSequenceValues(text: string): readonly SequenceValue[] {
  return parseSequence(` ${text}`, 0)
}

/** Parses the labels at the start of a text; `end` is where the values begin. */
export function parseLabels(text: string): { labels: Labels; end: number; cursor: Cursor } {
  const cursor = new Cursor(text, allFeatures)
  const pairs: [name: string, value: string][] = []
  if (text.trim() === '') return { labels: Labels.empty, end: text.length, cursor }
  const name = text.trimStart().startsWith('{') ? undefined : takeName(cursor)
  // A brace after a space belongs to a histogram.
  if (name === undefined || text[cursor.end] === '{') takeLabelSet(cursor, pairs)
  if (name !== undefined) pairs.push([METRIC_NAME, name])
  return { labels: Labels.fromPairs(pairs), end: cursor.end, cursor }
}

function takeName(cursor: Cursor): string {
  if (!canBeMetricName(cursor.peek().kind)) cursor.unexpected(NO_CONTEXT, 'expected a metric name or labels in braces')
  return cursor.take().text
}

function takeLabelSet(cursor: Cursor, pairs: [string, string][]): void {
  cursor.expect('{', NO_CONTEXT)
  if (cursor.takeIf('}') !== undefined) return
  for (;;) {
    pairs.push(takeLabel(cursor))
    if (cursor.takeIf('}') !== undefined) return
    if (cursor.takeIf(',') === undefined) cursor.unexpected(NEXT_OR_END)
    if (cursor.takeIf('}') !== undefined) return
  }
}

function takeLabel(cursor: Cursor): [string, string] {
  const token = cursor.peek()
  if (token.kind !== 'identifier' && token.kind !== 'string') cursor.unexpected(FIRST_OR_END)
  const name = token.kind === 'string' ? takeString(cursor).value : cursor.take().text
  if (token.kind === 'string' && !cursor.is('=')) return [METRIC_NAME, name]
  if (cursor.takeIf('=') === undefined) cursor.unexpected(EQUALS)
  if (!cursor.is('string')) cursor.unexpected(VALUE)
  if (!isValidName(name)) throw cursor.problem(token, `invalid label name ${quote(name)}`)
  return [name, takeString(cursor).value]
}
