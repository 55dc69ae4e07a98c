// label_replace and label_join: they change labels, never samples.

import { compileGroups, expand, type GroupsRegex, isValidName, type Labels, METRIC_NAME, parseTemplate, QueryError } from '@promlet/model'
import type { Column } from '../columns/column.ts'
import type { Operator } from './operator.ts'

/** The new value of the target label; undefined leaves the series as it is. */
export type LabelChange = (labels: Labels) => string | undefined

export class ChangeLabel implements Operator {
  readonly #input: Operator
  readonly #target: string
  readonly #change: LabelChange
  #namesKept: boolean[] = []
  #index = 0

  constructor(input: Operator, target: string, change: LabelChange) {
    this.#input = input
    this.#target = target
    this.#change = change
  }

  series(): readonly Labels[] {
    return this.#input.series().map((labels, index) => {
      const value = this.#change(labels)
      // A name that was given on purpose stays, also where the function before would have dropped it.
      this.#namesKept[index] = value !== undefined && this.#target === METRIC_NAME
      return value === undefined ? labels : labels.with(this.#target, value)
    })
  }

  next(into: Column): boolean {
    if (!this.#input.next(into)) return false
    if (this.#namesKept[this.#index++]) into.dropName = false
    return true
  }
}

/** @throws QueryError for a pattern or a label name that is not valid. */
export function labelReplace(target: string, replacement: string, source: string, pattern: string): LabelChange {
  const regex = compilePattern(pattern)
  if (!isValidName(target)) throw new QueryError('execution', `invalid destination label name in label_replace(): ${target}`)
  const template = parseTemplate(replacement, regex.names)
  const match = regex.matcher(template)
  const known = new Map<string, string | undefined>()
  return (labels) => {
    const text = labels.get(source)
    if (!known.has(text)) {
      const groups = match(text)
      known.set(text, groups === undefined ? undefined : expand(template, groups))
    }
    return known.get(text)
  }
}

function compilePattern(pattern: string): GroupsRegex {
  try {
    return compileGroups(pattern)
  } catch (error) {
    throw new QueryError('execution', `invalid regular expression in label_replace(): ${pattern}`, { cause: error })
  }
}

/** @throws QueryError for a label name that is not valid. */
export function labelJoin(target: string, separator: string, sources: readonly string[]): LabelChange {
  for (const source of sources) {
    if (!isValidName(source)) throw new QueryError('execution', `invalid source label name in label_join(): ${source}`)
  }
  if (!isValidName(target)) throw new QueryError('execution', `invalid destination label name in label_join(): ${target}`)
  return (labels) => sources.map((source) => labels.get(source)).join(separator)
}
