import type { FamilyType } from '@promlet/exposition'
import { writeFamilies, writeMetricLines } from '@promlet/exposition'
import { compareSeries, type GroupFamily, type Series } from './series.ts'

/** The metrics of one name over all groups: what the exposition shows as one family. */
export class SharedFamily {
  readonly name: string
  /** By the text of the group's key, in the order in which groups first pushed it. */
  readonly members: Map<string, GroupFamily>
  readonly #byKey: Map<string, Series>
  /** In the order of the exposition; undefined when a series came or went. */
  #sorted: Series[] | undefined
  #bytes: Buffer | undefined

  constructor(name: string) {
    this.name = name
    this.members = new Map()
    this.#byKey = new Map()
    this.#sorted = []
    this.#bytes = undefined
  }

  /** The type that holds for all groups; with `except`, for all but that one. Undefined when there are no others. */
  type(except?: string): FamilyType | undefined {
    for (const [group, { type }] of this.members) if (group !== except) return type
    return undefined
  }

  /** The help of the first group that gave one. */
  help(): string | undefined {
    for (const { help } of this.members.values()) if (help !== undefined && help !== '') return help
    return this.members.values().next().value?.help
  }

  /** The series that has these labels. */
  find(key: string): Series | undefined {
    return this.#byKey.get(key)
  }

  /** Puts a group's metrics in place of those that it had. */
  set(group: string, family: GroupFamily): void {
    const before = this.members.get(group)
    this.members.set(group, family)
    this.#bytes = undefined
    if (before !== undefined && sameSeries(before.series, family.series)) return
    if (before !== undefined) this.#forget(before)
    for (const series of family.series) this.#byKey.set(series.key, series)
    this.#sorted = undefined
  }

  delete(group: string): void {
    const before = this.members.get(group)
    if (before === undefined) return
    this.members.delete(group)
    this.#forget(before)
    this.#sorted = undefined
    this.#bytes = undefined
  }

  #forget({ series }: GroupFamily): void {
    for (const one of series) if (this.#byKey.get(one.key) === one) this.#byKey.delete(one.key)
  }

  /** All series, in the order of the exposition. */
  sorted(): readonly Series[] {
    this.#sorted ??= [...this.members.values()].flatMap(({ series }) => series).sort(compareSeries)
    return this.#sorted
  }

  /** The family as it stands in the exposition. */
  bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.#header() + this.lines())
    return this.#bytes
  }

  #header(): string {
    const [first] = this.sorted()
    const type = this.type()
    if (first === undefined || type === undefined) return ''
    const whole = writeFamilies([{ name: this.name, type, help: this.help(), metrics: [first] }])
    return whole.slice(0, whole.length - linesOf(this.name, type, first).length)
  }

  /** The lines of all series, without HELP and TYPE. */
  lines(): string {
    const type = this.type()
    if (type === undefined) return ''
    return this.sorted()
      .map((series) => series.lines ?? linesOf(this.name, type, series))
      .join('')
  }
}

/** The lines of one series, written once and kept until the next push. */
export function linesOf(name: string, type: FamilyType, series: Series): string {
  const lines = series.lines ?? writeMetricLines({ name, type }, series)
  series.lines = lines
  return lines
}

function sameSeries(left: readonly Series[], right: readonly Series[]): boolean {
  return left === right || (left.length === right.length && left.every((series, index) => series === right[index]))
}
