// The labels of a scraped series: those that the target exposes, joined with those of the target, relabelled.

import type { ScrapeConfig } from '@promlet/config'
import { compareText, compileRelabel, isLegacyLabelName, isLegacyMetricName, isValidName, Labels, METRIC_NAME } from '@promlet/model'
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
  let last = Labels.empty
  return (exposed, empty) => {
    const labels = relabel(join(exposed, empty, target))
    if (labels === undefined || labels.size === 0) return undefined
    checkNames(labels, config.nameValidation === 'legacy')
    checkLabelLimits(labels, config.limits)
    last = withNamesOf(last, labels)
    return last
  }
}

/** The target's labels fill in what the exposition does not say; a label without a value says that it is to be absent. */
function honorLabels(exposed: Labels, empty: readonly string[], target: Labels): Labels {
  const missing = empty.length === 0 ? target : target.without(...empty)
  return mergeLabels(missing, exposed)
}

/** The target's labels win; an exposed label of the same name becomes `exported_…`, as often as needed. */
function renameLabels(exposed: Labels, _empty: readonly string[], target: Labels): Labels {
  const joined = mergeLabels(exposed, target)
  if (joined.size === exposed.size + target.size) return joined
  const conflicts = [...target].map(([name]) => [name, exposed.get(name)] as const).filter(([, value]) => value !== '')
  conflicts.sort(([left], [right]) => left.length - right.length)
  let labels = joined
  for (const [name, value] of conflicts) {
    let free = `exported_${name}`
    while (labels.has(free)) free = `exported_${free}`
    labels = labels.with(free, value)
  }
  return labels
}

/** Both sets in one; of two labels with one name that of `winner`. */
function mergeLabels(loser: Labels, winner: Labels): Labels {
  const names: string[] = []
  const values: string[] = []
  let left = 0
  let right = 0
  while (left < loser.size || right < winner.size) {
    const order =
      left === loser.size ? 1 : right === winner.size ? -1 : compareText(loser.names[left] as string, winner.names[right] as string)
    const source = order < 0 ? loser : winner
    const index = order < 0 ? left : right
    names.push(source.names[index] as string)
    values.push(source.values[index] as string)
    if (order <= 0) left++
    if (order >= 0) right++
  }
  return Labels.fromSorted(names, values)
}

/**
 * The labels in the memory that they need, to be kept: neighbours in an exposition mostly have the same names and share
 * their list, and a list that grew has room for more.
 */
function withNamesOf(neighbour: Labels, labels: Labels): Labels {
  const { names, values } = labels
  const shares = names.length === neighbour.names.length && names.every((name, index) => name === neighbour.names[index])
  return Labels.fromSorted(shares ? neighbour.names : names.slice(), values.slice())
}

function checkNames(labels: Labels, legacy: boolean): void {
  if (labels.metricName === '') throw new ScrapeError('series', `missing metric name (${METRIC_NAME} label)`)
  const valid = legacy ? isLegacyLabelName : isValidName
  const metricValid = legacy ? isLegacyMetricName(labels.metricName) : isValidName(labels.metricName)
  if (!metricValid || !labels.names.every(valid)) {
    throw new ScrapeError('series', `invalid metric name or label names: ${labels.toString()}`)
  }
}
