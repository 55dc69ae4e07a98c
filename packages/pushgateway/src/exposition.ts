import type { FamilyType } from '@promlet/exposition'
import { compareText } from '@promlet/model'
import type { Registry } from '@promlet/telemetry'
import type { OwnFamily } from './consistency.ts'
import type { Groups } from './groups.ts'

/** Looks up the gateway's own metrics: those of its registry. */
export function ownFamilies(registry: Registry): OwnFamily {
  return (name) => registry.getSingleMetric(name) as unknown as { readonly type: FamilyType; readonly help: string } | undefined
}

/**
 * The gateway's own metrics and all that was pushed, as text 0.0.4, families by name. Families that did not change are
 * bytes already, and are put together without a text in between.
 */
export async function writeExposition(groups: Groups, registry: Registry): Promise<Buffer> {
  const own = new Map<string, string>()
  await Promise.all(registry.getMetricsAsArray().map(async ({ name }) => own.set(name, await registry.getSingleMetricAsString(name))))
  const names = new Set(own.keys())
  for (const { name } of groups.families()) names.add(name)
  const parts: Buffer[] = []
  for (const name of [...names].sort(compareText)) {
    const ownText = own.get(name)
    const family = groups.family(name)
    if (ownText !== undefined) parts.push(Buffer.from(`${ownText}\n${family?.lines() ?? ''}`))
    else if (family !== undefined) parts.push(family.bytes())
  }
  return Buffer.concat(parts)
}
