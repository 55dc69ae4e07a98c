import type { TargetGroupConfig } from '@promlet/config'
import { Labels } from '@promlet/model'

/** Targets that were found together and share labels. */
export interface TargetGroup {
  /** Names the group among those of its discovery: its index, or `file:index`. */
  readonly source: string
  /** One label set per target, with `__address__`. */
  readonly targets: readonly Labels[]
  /** Of all targets; a target's own labels win. */
  readonly labels: Labels
}

/** The label that holds a target's host and port. */
export const ADDRESS = '__address__'

/** A group as it stands in a file, under a source, with further labels. */
export function toTargetGroup(config: TargetGroupConfig, source: string, extra: Readonly<Record<string, string>> = {}): TargetGroup {
  return {
    source,
    targets: config.targets.map((address) => Labels.of({ [ADDRESS]: address })),
    labels: Labels.of({ ...config.labels, ...extra }),
  }
}
