import type { FamilyType } from '@promlet/exposition'
import { quote } from '@promlet/model'
import { checkSuffixes, DUPLICATE, type OwnFamily } from './consistency.ts'
import type { Groups } from './groups.ts'
import { protoText } from './proto-text.ts'

/**
 * All that is wrong with what the groups hold together, in no order; empty when it can be exposed. Needed where pushes
 * are not checked (`--push.disable-consistency-check`); otherwise every push keeps the whole consistent.
 */
export function verifyAll(groups: Groups, own: OwnFamily): string[] {
  const types = new Map<string, FamilyType>()
  const typeOf = (name: string) => own(name)?.type ?? types.get(name)
  const problems: string[] = []
  for (const family of groups.families()) {
    const { name } = family
    const type = family.type() as FamilyType
    const ownType = own(name)?.type
    if (ownType !== undefined && ownType !== type) {
      problems.push(`gathered metric family ${name} has type ${type.toUpperCase()} but should have ${ownType.toUpperCase()}`)
      continue
    }
    const collision = checkSuffixes(name, type, typeOf)
    if (collision !== undefined) problems.push(collision)
    types.set(name, type)
    const seen = new Set<string>()
    for (const { type: memberType, series } of family.members.values()) {
      for (const { labels, sample, key } of series) {
        const why = memberType !== type ? `is not a ${type.toUpperCase()}` : seen.has(key) ? DUPLICATE : undefined
        if (why !== undefined) problems.push(`collected metric ${quote(name)} { ${protoText(memberType, labels, sample)}} ${why}`)
        seen.add(key)
      }
    }
  }
  return problems
}
