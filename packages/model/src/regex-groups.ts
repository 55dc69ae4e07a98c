// The groups of a match of a whole text, for relabelling and label_replace. Most patterns there are texts with `(.*)` or
// `(.+)` between them, for which the expression engine takes many times as long as looking for the texts.

import { compileAnchored, compileRe2 } from './regex.ts'
import type { RegexTemplate } from './regex-template.ts'

/** Finds the groups of a match of the whole text: at 0 the text itself, `''` for a group that took no part. */
export type GroupMatcher = (text: string) => readonly string[] | undefined

export interface GroupsRegex {
  /** The numbers of the pattern's named groups. */
  readonly names: Readonly<Record<string, number>>
  /** A matcher that does only the work that the templates ask for. */
  matcher(...templates: readonly RegexTemplate[]): GroupMatcher
}

/** @throws RangeError with RE2's reason for a pattern that is not valid. */
export function compileGroups(pattern: string): GroupsRegex {
  const one = /^\(([^?()][^()]*)\)$/.exec(pattern)?.[1]
  if (one !== undefined) return { names: {}, matcher: () => wholeText(one) }
  const gaps = gapsOf(pattern)
  if (gaps !== undefined) return { names: {}, matcher: () => (text) => matchGaps(gaps, text) }
  const regex = compileRe2(pattern)
  return {
    names: regex.namedGroups(),
    matcher(...templates) {
      if (!templates.some((template) => template.needsGroups)) return wholeText(pattern)
      return (text) => {
        const match = regex.matcher(text)
        if (!match.matches()) return undefined
        return Array.from({ length: match.groupCount() + 1 }, (_, group) => match.group(group) ?? '')
      }
    },
  }
}

/** For a pattern whose only group, if any, is the whole of it. */
function wholeText(pattern: string): GroupMatcher {
  const regex = compileAnchored(pattern)
  return (text) => (regex.test(text) ? [text, text] : undefined)
}

/** Texts with a gap after each but the last; only the first and the last may be empty. */
interface Gaps {
  readonly texts: readonly string[]
  /** How long each gap is at least. */
  readonly lengthsMin: readonly number[]
  readonly isGroup: readonly boolean[]
}

const GAP = /(\()?\.([*+])(?:\))?/
const GAPS = /^[^\\.+*?()|[\]{}^$]*(?:(?:\.[*+]|\(\.[*+]\))[^\\.+*?()|[\]{}^$]*)+$/

function gapsOf(pattern: string): Gaps | undefined {
  if (!GAPS.test(pattern)) return undefined
  // The text before, and for each gap its parenthesis, its quantifier and the text behind it.
  const parts = pattern.split(GAP)
  const texts = parts.filter((_, index) => index % 3 === 0) as string[]
  if (texts.slice(1, -1).includes('')) return undefined
  const lengthsMin = parts.filter((_, index) => index % 3 === 2).map((quantifier) => (quantifier === '+' ? 1 : 0))
  const isGroup = parts.filter((_, index) => index % 3 === 1).map((parenthesis) => parenthesis !== undefined)
  return { texts, lengthsMin, isGroup }
}

/** Gaps are greedy, the first one most: so each text is taken where it stands last before the one behind it. */
function matchGaps({ texts, lengthsMin, isGroup }: Gaps, text: string): readonly string[] | undefined {
  const last = texts.length - 1
  let end = text.length - (texts[last] as string).length
  if (end < 0 || !text.endsWith(texts[last] as string)) return undefined
  const groups: string[] = []
  for (let gap = last - 1; gap >= 0; gap--) {
    const before = texts[gap] as string
    const latest = end - (lengthsMin[gap] as number) - before.length
    if (latest < 0) return undefined
    const at = gap === 0 ? (text.startsWith(before) ? 0 : -1) : text.lastIndexOf(before, latest)
    if (at < 0) return undefined
    if (isGroup[gap]) groups.push(text.slice(at + before.length, end))
    end = at
  }
  groups.push(text)
  return groups.reverse()
}
