// What the original finds out by gathering everything after each push is found here by looking only at what the push
// brings: everything else was consistent before. A push that brings known series of known type has nothing to check.
// Rules and texts: client_golang prometheus/registry.go (Gatherers.Gather, checkMetricConsistency, checkSuffixCollisions).

import type { FamilyType, LabelPair } from '@promlet/exposition'
import { isLegacyLabelName, isValidName, quote } from '@promlet/model'
import { type Groups, type PlannedFamily, PUSH_TIME, type Push } from './groups.ts'
import { protoText } from './proto-text.ts'
import type { Series } from './series.ts'

/** The type and help of the gateway's own metric of a name, if it has one. */
export type OwnFamily = (name: string) => { readonly type: FamilyType; readonly help: string } | undefined

export const DUPLICATE = 'was collected before with the same name and label values'

export interface ConsistencyOptions {
  readonly own: OwnFamily
  readonly utf8Names: boolean
}

/** All that is wrong with a planned push, in the order of its families; empty when it may be applied. */
export function checkPush(groups: Groups, push: Push, planned: readonly PlannedFamily[], options: ConsistencyOptions): string[] {
  const group = groups.get(push.key.text)
  const mine = new Map<string, FamilyType>()
  /** The type that a name has once the push is applied, as far as its families before this one. */
  const typeOf = (name: string): FamilyType | undefined =>
    options.own(name)?.type ??
    groups.family(name)?.type(push.key.text) ??
    mine.get(name) ??
    (push.replace || planned.some((family) => family.name === name) ? undefined : group?.families.get(name)?.type)

  const problems: string[] = []
  const twin = groups.twin(push.key)
  if (twin !== undefined) problems.push(`collected metric "${PUSH_TIME}" { ${protoText('gauge', twin.labels, twin.sample)}} ${DUPLICATE}`)
  for (const family of planned) {
    if (!family.isKnown) problems.push(...checkFamily(groups, push.key.text, family, typeOf, options))
    mine.set(family.name, family.type)
  }
  return problems
}

function checkFamily(
  groups: Groups,
  group: string,
  family: PlannedFamily,
  typeOf: (name: string) => FamilyType | undefined,
  { own, utf8Names }: ConsistencyOptions,
): string[] {
  const { name, type, series, metrics } = family
  const ownType = own(name)?.type
  if (ownType !== undefined && ownType !== type) {
    return [`gathered metric family ${name} has type ${type.toUpperCase()} but should have ${ownType.toUpperCase()}`]
  }
  const others = typeOf(name)
  const collision = others === undefined ? checkSuffixes(name, type, typeOf) : undefined
  if (collision !== undefined) return [collision]
  const shared = groups.family(name)
  const seen = new Set<string>()
  const problems: string[] = []
  for (let index = 0; index < series.length; index++) {
    const one = series[index] as Series
    const refuse = (why: string) =>
      problems.push(`collected metric ${quote(name)} { ${protoText(type, one.labels, (metrics[index] ?? one).sample)}} ${why}`)
    const badLabel = checkLabels(one.labels, type, utf8Names)
    const known = shared?.find(one.key)
    if (others !== undefined && others !== type) refuse(`is not a ${others.toUpperCase()}`)
    else if (badLabel !== undefined) refuse(badLabel)
    else if (seen.has(one.key) || (known !== undefined && known.group !== group)) {
      refuse(DUPLICATE)
    }
    seen.add(one.key)
  }
  return problems
}

function checkLabels(labels: readonly LabelPair[], type: FamilyType, utf8Names: boolean): string | undefined {
  let before: string | undefined
  for (const { name, value } of labels) {
    if (name === before) return `has two or more labels with the same name: ${name}`
    const isGood = utf8Names ? isValidName(name) : isLegacyLabelName(name)
    if (!isGood || name.startsWith('__')) return `has a label with an invalid name: ${name}`
    if (type === 'summary' && name === 'quantile') return 'must not have an explicit "quantile" label'
    if (!value.isWellFormed()) return `has a label named ${quote(name)} whose value is not utf8: ${quote(value)}`
    before = name
  }
  return undefined
}

/** A summary or histogram takes names with suffixes too; no other family may have these, whichever came first. */
export function checkSuffixes(name: string, type: FamilyType, typeOf: (name: string) => FamilyType | undefined): string | undefined {
  const suffix = /_(?:count|sum|bucket)$/.exec(name)?.[0]
  if (suffix !== undefined) {
    const base = name.slice(0, -suffix.length)
    const baseType = typeOf(base)
    if (baseType === 'histogram' || (baseType === 'summary' && suffix !== '_bucket')) {
      return `collected metric named ${quote(name)} collides with previously collected ${baseType} named ${quote(base)}`
    }
  }
  if (type !== 'summary' && type !== 'histogram') return undefined
  for (const taken of [`${name}_count`, `${name}_sum`]) {
    if (typeOf(taken) !== undefined) {
      return `collected histogram or summary named ${quote(name)} collides with previously collected metric named ${quote(taken)}`
    }
  }
  if (type === 'histogram' && typeOf(`${name}_bucket`) !== undefined) {
    return `collected histogram named ${quote(name)} collides with previously collected metric named ${quote(`${name}_bucket`)}`
  }
  return undefined
}

/** Several problems as one text, as the original joins them. */
export function joinProblems(problems: readonly string[]): string {
  if (problems.length === 1) return problems[0] as string
  return `${problems.length} error(s) occurred:${problems.map((problem) => `\n* ${problem}`).join('')}`
}
