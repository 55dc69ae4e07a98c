// The labels of a scraped series: those that the target exposes, joined with those of the target, relabelled.

import type { ScrapeConfig } from '@promlet/config'
import { compileRelabel, isLegacyLabelName, isLegacyMetricName, isValidName, type Labels, METRIC_NAME } from '@promlet/model'
import { ScrapeError } from './error.ts'
import { checkLabelLimits } from './limits.ts'

/**
 * Gives the labels under which a series is stored, or undefined when relabelling drops it. `empty` are the labels that
 * the exposition has without a value.
 * @throws ScrapeError `series` or `limit`: the whole scrape fails.
 */
export type SampleLabels = (exposed: Labels, empty: readonly string[]) => Labels | undefined

export function compileSampleLabels(config: ScrapeConfig, target: Labels): SampleLabels {
  const relabel = compileRelabel(config.metricRelabelConfigs, { nameValidation: config.nameValidation ?? 'utf8' })
  const join = config.honorLabels ? honorLabels : renameLabels
  return (exposed, empty) => {
    const labels = relabel(join(exposed, empty, target))
    if (labels === undefined || labels.size === 0) return undefined
    checkNames(labels, config.nameValidation === 'legacy')
    checkLabelLimits(labels, config.limits)
    return labels
  }
}

/** The target's labels fill in what the exposition does not say; a label without a value says that it is to be absent. */
function honorLabels(exposed: Labels, empty: readonly string[], target: Labels): Labels {
  const missing = [...target].filter(([name]) => !exposed.has(name) && !empty.includes(name))
  return missing.length === 0 ? exposed : exposed.withAll(missing)
}

/** The target's labels win; an exposed label of the same name becomes `exported_…`, as often as needed. */
function renameLabels(exposed: Labels, _empty: readonly string[], target: Labels): Labels {
  const joined = exposed.withAll(target)
  const conflicts = [...target].map(([name]) => [name, exposed.get(name)] as const).filter(([, value]) => value !== '')
  if (conflicts.length === 0) return joined
  conflicts.sort(([left], [right]) => left.length - right.length)
  let labels = joined
  for (const [name, value] of conflicts) {
    let free = `exported_${name}`
    while (labels.has(free)) free = `exported_${free}`
    labels = labels.with(free, value)
  }
  return labels
}

function checkNames(labels: Labels, legacy: boolean): void {
  if (labels.metricName === '') throw new ScrapeError('series', `missing metric name (${METRIC_NAME} label)`)
  const valid = (name: string) => (legacy ? isLegacyLabelName(name) : isValidName(name))
  const metricValid = legacy ? isLegacyMetricName(labels.metricName) : isValidName(labels.metricName)
  if (!metricValid || !labels.names.every(valid)) {
    throw new ScrapeError('series', `invalid metric name or label names: ${labels.toString()}`)
  }
}
