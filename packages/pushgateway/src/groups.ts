// What was pushed, twice over: by group, as clients push and delete it, and by metric name, as it is exposed. A push
// is planned, checked and then applied whole. A metric whose labels stand where they stood in the group's last push
// is recognised by position, so that a push of new values to known series builds nothing but their samples.

import type { Family, Metric } from '@promlet/exposition'
import type { Millis } from '@promlet/model'
import type { GroupingKey } from './grouping-key.ts'
import { type GroupFamily, newSeries, type Series, sameLabels } from './series.ts'
import { SharedFamily } from './shared-family.ts'

/** All that was pushed to one grouping key. */
export interface Group {
  readonly key: GroupingKey
  /** By name, `push_time_seconds` and `push_failure_time_seconds` among them. */
  readonly families: Map<string, GroupFamily>
}

export interface Push {
  readonly key: GroupingKey
  readonly families: readonly Family[]
  /** PUT: what the group had goes, not only what has the same name. */
  readonly replace: boolean
  readonly at: Millis
}

/** A pushed family with its series, known ones reused. */
export interface PlannedFamily extends GroupFamily {
  /** Parallel to `series`. */
  readonly metrics: readonly Metric[]
  /** The group has this family with exactly these series and this type already. */
  readonly isKnown: boolean
}

export const PUSH_TIME = 'push_time_seconds'
export const PUSH_FAILURE_TIME = 'push_failure_time_seconds'
const PUSH_TIME_HELP = 'Last Unix time when changing this group in the Pushgateway succeeded.'
const PUSH_FAILURE_TIME_HELP = 'Last Unix time when changing this group in the Pushgateway failed.'

const NEVER = { kind: 'value', value: 0 } as const

export class Groups {
  readonly #groups = new Map<string, Group>()
  readonly #families = new Map<string, SharedFamily>()
  /** Keys of groups that changed or went since they were last taken. */
  #changed = new Set<string>()
  /** Counts changes of which series there are; values do not count. */
  #structure = 0

  get size(): number {
    return this.#groups.size
  }

  get structure(): number {
    return this.#structure
  }

  get(key: string): Group | undefined {
    return this.#groups.get(key)
  }

  all(): Iterable<Group> {
    return this.#groups.values()
  }

  family(name: string): SharedFamily | undefined {
    return this.#families.get(name)
  }

  /** In no order. */
  families(): Iterable<SharedFamily> {
    return this.#families.values()
  }

  /** Gives the keys of the groups that changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /** Marks groups as changed again, when what was taken could not be used. */
  giveBackChanged(keys: ReadonlySet<string>): void {
    for (const key of keys) this.#changed.add(key)
  }

  /** What a push would put in place. Changes nothing. */
  plan({ key, families, at }: Push): PlannedFamily[] {
    const group = this.#groups.get(key.text)
    return families.filter(isOfClient).map((family) => planFamily(key, group?.families.get(family.name), family, at))
  }

  /** Puts a planned push in place. */
  apply({ key, replace, at }: Push, planned: readonly PlannedFamily[]): void {
    const group = this.#resolve(key)
    if (replace) this.#keepOnly(group, planned)
    for (const family of planned) {
      for (let index = 0; index < family.series.length; index++) {
        const series = family.series[index] as Series
        series.sample = (family.metrics[index] as Metric).sample
        series.lines = undefined
      }
      const { name, type, help, series } = family
      this.#set(group, { name, type, help, at, series })
      if (!family.isKnown) this.#structure++
    }
    this.#setTime(group, PUSH_TIME, PUSH_TIME_HELP, at, at)
    if (!group.families.has(PUSH_FAILURE_TIME)) this.#setTime(group, PUSH_FAILURE_TIME, PUSH_FAILURE_TIME_HELP, at, 0)
  }

  /**
   * The other group whose push times have the labels that those of a new group would have: keys that differ only in
   * an empty `instance` are two groups, but expose the same series.
   */
  twin(key: GroupingKey): Series | undefined {
    if (this.#groups.has(key.text)) return undefined
    return this.#families.get(PUSH_TIME)?.find(newSeries(key, [], NEVER).key)
  }

  /** Notes that a push was refused. A group that was not there comes into being, unless it has a twin. */
  fail({ key, at }: Pick<Push, 'key' | 'at'>): void {
    if (this.twin(key) !== undefined) return
    const group = this.#resolve(key)
    this.#setTime(group, PUSH_FAILURE_TIME, PUSH_FAILURE_TIME_HELP, at, at)
    if (!group.families.has(PUSH_TIME)) this.#setTime(group, PUSH_TIME, PUSH_TIME_HELP, at, 0)
  }

  /** Puts a group back that was kept elsewhere; it does not count as changed. */
  restore(group: Group): void {
    this.#groups.set(group.key.text, group)
    for (const family of group.families.values()) this.#share(group.key.text, family)
    this.#structure++
  }

  delete(key: string): void {
    const group = this.#groups.get(key)
    if (group === undefined) return
    for (const name of group.families.keys()) this.#remove(key, name)
    this.#groups.delete(key)
    this.#changed.add(key)
    this.#structure++
  }

  wipe(): void {
    for (const key of [...this.#groups.keys()]) this.delete(key)
  }

  #resolve(key: GroupingKey): Group {
    const known = this.#groups.get(key.text)
    if (known !== undefined) return known
    const group: Group = { key, families: new Map() }
    this.#groups.set(key.text, group)
    return group
  }

  #keepOnly(group: Group, planned: readonly PlannedFamily[]): void {
    const kept = new Set(planned.map(({ name }) => name))
    for (const name of [...group.families.keys()]) {
      if (kept.has(name) || !isOfClient({ name })) continue
      group.families.delete(name)
      this.#remove(group.key.text, name)
      this.#structure++
    }
  }

  #set(group: Group, family: GroupFamily): void {
    group.families.set(family.name, family)
    this.#share(group.key.text, family)
    this.#changed.add(group.key.text)
  }

  #share(key: string, family: GroupFamily): void {
    let shared = this.#families.get(family.name)
    if (shared === undefined) {
      shared = new SharedFamily(family.name)
      this.#families.set(family.name, shared)
    }
    shared.set(key, family)
  }

  #remove(key: string, name: string): void {
    const shared = this.#families.get(name)
    shared?.delete(key)
    if (shared?.members.size === 0) this.#families.delete(name)
  }

  #setTime(group: Group, name: string, help: string, at: Millis, time: Millis): void {
    const sample = { kind: 'value', value: time / 1000 } as const
    const [known] = group.families.get(name)?.series ?? []
    const series = known ?? newSeries(group.key, [], sample)
    series.sample = sample
    series.lines = undefined
    this.#set(group, { name, help, type: 'gauge', at, series: [series] })
    if (known === undefined) this.#structure++
  }
}

/** False for the two families that the gateway keeps for every group; what clients push under their names is dropped. */
function isOfClient({ name }: { readonly name: string }): boolean {
  return name !== PUSH_TIME && name !== PUSH_FAILURE_TIME
}

function planFamily(key: GroupingKey, before: GroupFamily | undefined, family: Family, at: Millis): PlannedFamily {
  const { name, type, help, metrics } = family
  let reused = 0
  const series = metrics.map(({ labels, sample }, index) => {
    const known = before?.series[index]
    if (known === undefined || !sameLabels(known.pushedLabels, labels)) return newSeries(key, labels, sample)
    reused++
    return known
  })
  const isKnown = before !== undefined && before.type === type && reused === series.length && reused === before.series.length
  return { name, type, help, at, series: isKnown ? before.series : series, metrics, isKnown }
}

/** When the group's last push that changed it was, and the last that was refused; 0 for never. */
export function pushTimes(group: Group): { pushed: number; failed: number } {
  return { pushed: timeOf(group, PUSH_TIME), failed: timeOf(group, PUSH_FAILURE_TIME) }
}

function timeOf(group: Group, name: string): number {
  const sample = group.families.get(name)?.series[0]?.sample
  return sample?.kind === 'value' ? sample.value : 0
}
