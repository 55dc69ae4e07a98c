import { isValidName, quote } from '@promlet/model'
import type { Cursor } from './cursor.ts'
import { takeString } from './literal.ts'
import { canBeMetricName } from './selector-parser.ts'
import type { TokenKind } from './token.ts'

/** Keywords that name no metric but can name a label in parentheses. */
const LABEL_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>(['bool', 'on', 'ignoring', 'group_left', 'group_right', 'atan2'])

const OPEN = { name: 'grouping opts', expected: '"("' }
const LABEL = { name: 'grouping opts', expected: 'label' }
const NEXT_OR_END = { name: 'grouping opts', expected: '"," or ")"' }

/** Parses the label names in parentheses after `by`, `on` and the like. */
export function parseGrouping(cursor: Cursor): string[] {
  if (cursor.takeIf('(') === undefined) cursor.unexpected(OPEN)
  const labels: string[] = []
  if (cursor.takeIf(')') !== undefined) return labels
  for (;;) {
    labels.push(parseLabel(cursor))
    if (cursor.takeIf(')') !== undefined) return labels
    if (cursor.takeIf(',') === undefined) cursor.unexpected(NEXT_OR_END)
    if (cursor.takeIf(')') !== undefined) return labels
  }
}

function parseLabel(cursor: Cursor): string {
  const token = cursor.peek()
  // `without` names a metric, but no label: it is missing in Prometheus's list.
  const isName = LABEL_WORDS.has(token.kind) || (canBeMetricName(token.kind) && token.kind !== 'without')
  if (!isName && token.kind !== 'string') cursor.unexpected(LABEL)
  const label = isName ? cursor.take().text : takeString(cursor).value
  if (!isValidName(label)) throw cursor.problem(token, `invalid label name for grouping: ${quote(label)}`)
  return label
}
