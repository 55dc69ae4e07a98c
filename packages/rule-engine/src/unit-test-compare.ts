// Compares what a rule test expects with what came, and says the difference as promtool does.

import { describeHistogram, Labels, type VectorSample } from '@promlet/model'

export interface FoundAlertText {
  readonly labels: Labels
  readonly annotations: Labels
}

/** Undefined when the alerts are the same, in any order. */
export function compareAlerts(expected: readonly FoundAlertText[], got: readonly FoundAlertText[]): string | undefined {
  const texts = [expected, got].map((alerts) => alerts.toSorted((left, right) => Labels.compare(left.labels, right.labels)))
  const [wanted, found] = texts.map(alertsText)
  if (wanted === found) return undefined
  return `\n        exp:${wanted}, \n        got:${found}`
}

function alertsText(alerts: readonly FoundAlertText[]): string {
  if (alerts.length === 0) return '[]'
  const items = alerts.map(({ labels, annotations }, index) => {
    return `${index}:\n              Labels:${labelsText(labels)}\n              Annotations:${labelsText(annotations)}`
  })
  return `[\n            ${items.join(',\n            ')}\n            ]`
}

/** Undefined when the samples are the same, in any order. */
export function compareSamples(expected: readonly VectorSample[], got: readonly VectorSample[], isFuzzy: boolean): string | undefined {
  const [wanted = [], found = []] = [expected, got].map((samples) =>
    samples.toSorted((left, right) => Labels.compare(left.labels, right.labels)),
  )
  if (wanted.length === found.length && wanted.every((sample, index) => isSame(sample, found[index] as VectorSample, isFuzzy))) {
    return undefined
  }
  return `\n        exp: ${samplesText(wanted)}\n        got: ${samplesText(found)}`
}

function isSame(left: VectorSample, right: VectorSample, isFuzzy: boolean): boolean {
  if (!left.labels.equals(right.labels)) return false
  if (left.histogram !== undefined || right.histogram !== undefined) return histogramText(left) === histogramText(right)
  return left.value === right.value || (isFuzzy && areNeighbours(left.value, right.value))
}

const bits = new BigInt64Array(1)
const floats = new Float64Array(bits.buffer)

/** True for floats of one sign with no other between them. */
function areNeighbours(left: number, right: number): boolean {
  if (Number.isNaN(left) || Number.isNaN(right) || left < 0 !== right < 0) return false
  const distance = bitsOf(left) - bitsOf(right)
  return distance === 1n || distance === -1n
}

function bitsOf(value: number): bigint {
  floats[0] = value
  return bits[0] as bigint
}

function samplesText(samples: readonly VectorSample[]): string {
  if (samples.length === 0) return 'nil'
  return samples.map((sample) => `${labelsText(sample.labels)} ${histogramText(sample) ?? exponentText(sample.value)}`).join(', ')
}

function histogramText({ histogram }: VectorSample): string | undefined {
  return histogram === undefined ? undefined : describeHistogram(histogram)
}

/** Go's `%E` with the shortest digits. */
function exponentText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return value
    .toExponential()
    .toUpperCase()
    .replace(/E([+-])(\d)$/, 'E$10$2')
}

function labelsText(labels: Labels): string {
  return labels.toString()
}
