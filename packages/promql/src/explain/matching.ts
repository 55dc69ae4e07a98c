// Which series of two vectors met, which did not, and why. Looks at what the operands and the operator yielded.

import type { Labels } from '@promlet/model'
import { ABSENT } from '../columns/column.ts'
import { isArithmetic } from '../functions/arithmetic.ts'
import { MatchGroups, matchingOf, matchLabels, resultLabels } from '../operators/matching.ts'
import type { BinaryNode } from '../plan/node.ts'
import type { Binary } from '../syntax/ast.ts'
import { printLabels } from '../syntax/print.ts'
import type { DroppedSeries, DropReason, Examples, MatchedPair, MatchReport } from './explanation.ts'
import type { Recording, SeriesDetail } from './recorder.ts'
import { seriesText, valueText } from './series-text.ts'

const EXAMPLES_MAX = 3
/** More series than this on both sides of one group are a query that fails, and need no comparing one by one. */
const PARTNERS_MAX = 100

/** One series of an operand. */
interface Side {
  readonly labels: Labels
  readonly detail: SeriesDetail
}

/** All series of one match group that have samples. */
interface Group {
  readonly labels: Labels
  readonly left: Side[]
  readonly right: Side[]
}

/** Undefined when the operands were not read to their end, as in a query that failed. */
export function matchReport(
  node: BinaryNode,
  left: Recording,
  right: Recording,
  result: Recording,
  isDelayed: boolean,
): MatchReport | undefined {
  if (left.labels?.length !== left.details?.length || right.labels?.length !== right.details?.length) return undefined
  const sides = { left: sideOf(left), right: sideOf(right) }
  const isAmbiguous = result.error !== undefined
  const collector = new Collector(node.binary, sides, isAmbiguous ? 'any' : namesGiven(node.binary, result), isDelayed)
  const groups = groupsOf(node.binary, sides)
  // What made it fail comes first.
  if (isAmbiguous) groups.sort((one, other) => Number(hasChoice(other)) - Number(hasChoice(one)))
  for (const group of groups) collector.add(group)
  return collector.report()
}

function hasChoice({ left, right }: Group): boolean {
  return left.length > 0 && right.length > 0 && left.length + right.length > 2
}

/** What is compared, in words of PromQL. */
export function matchingText(binary: Binary): string {
  const { on, labels } = matchingOf(binary)
  if (on) return `on ${printLabels(labels)}`
  return labels.length === 0 ? 'all labels but the name' : `ignoring ${printLabels(labels)}`
}

function sideOf({ labels = [], details = [] }: Recording): readonly Side[] {
  const sides = labels.map((own, index) => ({ labels: own, detail: details[index] as SeriesDetail }))
  return sides.filter(({ detail }) => detail.present !== undefined)
}

function groupsOf(binary: Binary, sides: { readonly left: readonly Side[]; readonly right: readonly Side[] }): Group[] {
  const matching = matchingOf(binary)
  const numbers = new MatchGroups(matching)
  const groupLabels = matchLabels(matching)
  const groups: Group[] = []
  for (const name of ['left', 'right'] as const) {
    const ids = numbers.number(sides[name].map(({ labels }) => labels))
    for (const [index, side] of sides[name].entries()) {
      const id = ids[index] as number
      groups[id] ??= { labels: groupLabels(side.labels), left: [], right: [] }
      groups[id][name].push(side)
    }
  }
  return groups
}

/** The results that have a sample, by the key of their labels. */
function namesGiven(binary: Binary, { labels = [], details = [] }: Recording): ReadonlySet<string> | 'any' {
  const { fillLeft, fillRight } = matchingOf(binary)
  if (fillLeft !== undefined || fillRight !== undefined) return 'any'
  return new Set(labels.filter((_, index) => details[index]?.present !== undefined).map(({ key }) => key))
}

class Collector {
  readonly #binary: Binary
  readonly #sides: { readonly left: readonly Side[]; readonly right: readonly Side[] }
  readonly #given: ReadonlySet<string> | 'any'
  readonly #name: (many: Labels, one: Labels) => Labels
  readonly #isSwapped: boolean
  readonly #matched = new Sample<MatchedPair>()
  readonly #dropped = { left: new Sample<DroppedSeries>(), right: new Sample<DroppedSeries>() }

  constructor(
    binary: Binary,
    sides: { readonly left: readonly Side[]; readonly right: readonly Side[] },
    given: ReadonlySet<string> | 'any',
    isDelayed: boolean,
  ) {
    this.#binary = binary
    this.#sides = sides
    this.#given = given
    this.#name = resultLabels(binary, isDelayed)
    this.#isSwapped = matchingOf(binary).cardinality === 'one-to-many'
  }

  report(): MatchReport {
    return {
      by: matchingText(this.#binary),
      matched: this.#matched.examples(),
      droppedLeft: this.#dropped.left.examples(),
      droppedRight: this.#dropped.right.examples(),
    }
  }

  add(group: Group): void {
    switch (this.#binary.operator) {
      case 'and':
        for (const side of group.left) this.#keepLeft(side, group, areTogether(side, group.right))
        break
      case 'unless':
        for (const side of group.left) this.#keepLeft(side, group, !isCovered(side, group.right))
        break
      case 'or':
        for (const side of group.left) this.#matched.add(() => ({ left: textOf(side) }))
        for (const side of group.right) this.#keepRight(side, group)
        break
      default:
        this.#addPairs(group)
    }
  }

  #keepLeft(side: Side, group: Group, isKept: boolean): void {
    const [partner] = group.right
    if (isKept) this.#matched.add(() => ({ left: textOf(side), ...(partner === undefined ? {} : { right: textOf(partner) }) }))
    else if (partner === undefined) this.#dropLonely('left', side, group)
    else if (this.#binary.operator === 'and') this.#dropNever('left', side, group)
    else this.#drop('left', side, 'has-partner', () => `the right side has ${textOf(partner)}`)
  }

  #keepRight(side: Side, group: Group): void {
    const [partner] = group.left
    if (partner === undefined || !isCovered(side, group.left)) this.#matched.add(() => ({ right: textOf(side) }))
    else this.#drop('right', side, 'has-partner', () => `the left side has ${textOf(partner)}, which comes first`)
  }

  #addPairs(group: Group): void {
    const { fillLeft, fillRight } = matchingOf(this.#binary)
    if (group.right.length === 0) for (const side of group.left) this.#addLonely('left', side, group, fillRight !== undefined)
    if (group.left.length === 0) for (const side of group.right) this.#addLonely('right', side, group, fillLeft !== undefined)
    if (group.left.length > 0 && group.right.length > 0) this.#addMeetings(group)
  }

  #addMeetings(group: Group): void {
    const others = group.right.slice(0, PARTNERS_MAX)
    for (const left of group.left) {
      const partners = others.filter((right) => areTogether(left, [right]))
      if (partners.length === 0) this.#dropNever('left', left, group)
      for (const right of partners) this.#addPair(left, right)
    }
    for (const right of group.right) if (!areTogether(right, group.left)) this.#dropNever('right', right, group)
  }

  #addLonely(name: 'left' | 'right', side: Side, group: Group, isFilled: boolean): void {
    if (isFilled) this.#matched.add(() => ({ [name]: textOf(side) }))
    else this.#dropLonely(name, side, group)
  }

  #addPair(left: Side, right: Side): void {
    const result = this.#isSwapped ? this.#name(right.labels, left.labels) : this.#name(left.labels, right.labels)
    if (this.#given === 'any' || this.#given.has(result.key)) {
      this.#matched.add(() => ({ left: textOf(left), right: textOf(right) }))
      return
    }
    const reason = isArithmetic(this.#binary.operator) || this.#binary.bool ? 'no-result' : 'filtered'
    this.#drop('left', left, reason, () => this.#failedText(left, right, reason))
  }

  #failedText(left: Side, right: Side, reason: DropReason): string {
    const [first, second] = [left, right].map(({ detail }) => valueText(detail.last?.value ?? Number.NaN))
    const text = `${first} ${this.#binary.operator} ${second}`
    return reason === 'filtered' ? `${text} does not hold` : `${text} has no result: the samples do not go together`
  }

  #dropLonely(name: 'left' | 'right', side: Side, group: Group): void {
    const other = name === 'left' ? 'right' : 'left'
    this.#drop(name, side, 'no-partner', () => {
      if (this.#sides[other].length === 0) return `there is no series on the ${other}`
      if (group.labels.size === 0) return `it has no label to be matched by, and no series on the ${other} is without`
      const missing = group.labels.names.filter((label) => this.#sides[other].every(({ labels }) => !labels.has(label)))
      const hint = missing.length > 0 ? `; no series there has the label ${missing.join(' or ')}` : ''
      return `no series on the ${other} with ${group.labels}${hint}`
    })
  }

  #dropNever(name: 'left' | 'right', side: Side, group: Group): void {
    const other = name === 'left' ? 'right' : 'left'
    this.#drop(name, side, 'not-at-once', () => `the ${other} side has ${group.labels} too, but never at the same step`)
  }

  #drop(name: 'left' | 'right', side: Side, reason: DropReason, text: () => string): void {
    this.#dropped[name].add(() => ({ series: textOf(side), reason, text: text() }))
  }
}

/** Counts all, and keeps the first few. */
class Sample<T> {
  readonly #examples: T[] = []
  #count = 0

  add(make: () => T): void {
    if (this.#count++ < EXAMPLES_MAX) this.#examples.push(make())
  }

  examples(): Examples<T> {
    return { count: this.#count, examples: this.#examples }
  }
}

function textOf({ labels }: Side): string {
  return seriesText(labels)
}

/** True when a series has a sample at a step at which one of the others has one. */
function areTogether({ detail }: Side, others: readonly Side[]): boolean {
  return detail.present?.some((own, step) => own !== ABSENT && hasStep(others, step)) ?? false
}

/** True when one of the others has a sample wherever this one has. */
function isCovered({ detail }: Side, others: readonly Side[]): boolean {
  return detail.present?.every((own, step) => own === ABSENT || hasStep(others, step)) ?? true
}

function hasStep(sides: readonly Side[], step: number): boolean {
  return sides.some(({ detail }) => detail.present !== undefined && detail.present[step] !== ABSENT)
}
