// and, or, unless: which samples stay depends on what is there on the other side at the same step, not on its value.

import type { Labels } from '@promlet/model'
import { ABSENT, type Column, makeColumn, recount } from '../columns/column.ts'
import type { BinaryNode } from '../plan/node.ts'
import { MatchGroups, matchingOf } from './matching.ts'
import type { Operator } from './operator.ts'

/** For each match group, at which steps it has a sample: 1, or 0. Absent for a group without series. */
type Presence = (Uint8Array | undefined)[]

function mark(presence: Presence, group: number, column: Column): void {
  if (column.count === 0) return
  presence[group] ??= new Uint8Array(column.present.length)
  const seen = presence[group] as Uint8Array
  for (let step = 0; step < seen.length; step++) if (column.present[step] !== ABSENT) seen[step] = 1
}

/** Takes out of a column the steps at which `seen` is `unwanted`. */
function mask(column: Column, seen: Uint8Array | undefined, unwanted: 0 | 1): void {
  if (seen === undefined) {
    if (unwanted === 1) return
    column.present.fill(ABSENT)
  } else {
    const { present } = column
    for (let step = 0; step < present.length; step++) if (seen[step] === unwanted) present[step] = ABSENT
  }
  recount(column)
}

/** `and` and `unless`: the left side, where the right has (or has not) something. */
export class Intersect implements Operator {
  readonly #node: BinaryNode
  readonly #left: Operator
  readonly #right: Operator
  readonly #presence: Presence = []
  #groups: Int32Array = new Int32Array(0)
  #index = 0

  constructor(node: BinaryNode, left: Operator, right: Operator) {
    this.#node = node
    this.#left = left
    this.#right = right
  }

  series(): readonly Labels[] {
    const groups = new MatchGroups(matchingOf(this.#node.binary))
    const labels = this.#left.series()
    this.#groups = groups.number(labels)
    const known = groups.count
    const rightGroups = groups.number(this.#right.series())
    const column = makeColumn(this.#node.grid.count)
    for (let index = 0; this.#right.next(column); index++) {
      const group = rightGroups[index]!
      if (group < known) mark(this.#presence, group, column)
    }
    return labels
  }

  next(into: Column): boolean {
    if (!this.#left.next(into)) return false
    mask(into, this.#presence[this.#groups[this.#index++]!], this.#node.binary.operator === 'and' ? 0 : 1)
    return true
  }
}

/**
 * `or`: the left side, and the right where the left has nothing of the same match group. Series of both sides with the
 * same labels stay apart, as one of them may have a name that is to be dropped.
 */
export class Union implements Operator {
  readonly #node: BinaryNode
  readonly #left: Operator
  readonly #right: Operator
  readonly #presence: Presence = []
  #leftGroups: Int32Array = new Int32Array(0)
  #rightGroups: Int32Array = new Int32Array(0)
  #leftIndex = 0
  #isLeftDone = false
  #rightIndex = 0

  constructor(node: BinaryNode, left: Operator, right: Operator) {
    this.#node = node
    this.#left = left
    this.#right = right
  }

  series(): readonly Labels[] {
    const groups = new MatchGroups(matchingOf(this.#node.binary))
    const left = this.#left.series()
    const right = this.#right.series()
    this.#leftGroups = groups.number(left)
    this.#rightGroups = groups.number(right)
    return [...left, ...right]
  }

  next(into: Column): boolean {
    // To its end: whoever counts has to see it.
    if (!this.#isLeftDone) {
      if (this.#left.next(into)) {
        mark(this.#presence, this.#leftGroups[this.#leftIndex++]!, into)
        return true
      }
      this.#isLeftDone = true
    }
    if (!this.#right.next(into)) return false
    mask(into, this.#presence[this.#rightGroups[this.#rightIndex++]!], 1)
    return true
  }
}
