import { stringify } from 'yaml'
import { type TopValues, topSection } from './prometheus.ts'

/**
 * The effective configuration as Prometheus's status page shows it: defaults filled in, secrets as `<secret>`, fields
 * in Prometheus's order. It reads back as the same configuration, but for the secrets.
 */
export function printConfig(values: TopValues): string {
  // YAML 1.1 quotes what Go's decoder would take for a boolean, such as y.
  const style = { version: '1.1', indentSeq: false, lineWidth: 0, flowCollectionPadding: false, aliasDuplicateObjects: false } as const
  return stringify(topSection.print(values) ?? {}, style)
}
