// Whether metrics are named as they should be: the checks and texts of client_golang's promlint, which promtool runs. The
// scraped text is read by the strict parser.

import type { Family, FamilyType } from '@promlet/exposition'
import { compareText } from '@promlet/model'

export interface LintProblem {
  readonly metric: string
  readonly text: string
}

/** All problems, by metric and text. */
export function lintFamilies(families: readonly Family[]): readonly LintProblem[] {
  const problems = families.flatMap((family) => checks.flatMap((check) => check(family).map((text) => ({ metric: family.name, text }))))
  return problems.sort((left, right) => compareText(left.metric, right.metric) || compareText(left.text, right.text))
}

type Check = (family: Family) => readonly string[]

const BASE_UNITS: Readonly<Record<string, string>> = {
  amperes: 'amperes',
  bytes: 'bytes',
  celsius: 'celsius',
  grams: 'grams',
  joules: 'joules',
  kelvin: 'kelvin',
  meters: 'meters',
  metres: 'metres',
  seconds: 'seconds',
  volts: 'volts',
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  weeks: 'seconds',
  kelvins: 'kelvin',
  fahrenheit: 'celsius',
  rankine: 'celsius',
  inches: 'meters',
  yards: 'meters',
  miles: 'meters',
  bits: 'bytes',
  calories: 'joules',
  pounds: 'grams',
  ounces: 'grams',
}
const PREFIX = /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)/
const ABBREVIATIONS = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']
const TYPES_IN_NAMES: readonly FamilyType[] = ['counter', 'gauge', 'summary', 'histogram', 'gauge_histogram']
const CAMEL_CASE = /[a-z][A-Z]/

const checks: readonly Check[] = [
  ({ help }) => when(help === undefined, 'no help text'),
  unit,
  counter,
  ({ name, type }) =>
    when(
      type !== 'untyped' && type !== 'gauge' && name.endsWith('_timestamp_seconds'),
      'non-gauge metrics should not have "_timestamp_seconds" suffix',
    ),
  reserved,
  ({ name }) => TYPES_IN_NAMES.filter((type) => hasPart(name, type)).map((type) => `metric name should not include type '${type}'`),
  ({ name }) => when(name.includes(':'), "metric names should not contain ':'"),
  camelCase,
  ({ name }) => ABBREVIATIONS.filter((part) => hasPart(name, part)).map(() => 'metric names should not contain abbreviated units'),
  duplicates,
]

function when(holds: boolean, text: string): readonly string[] {
  return holds ? [text] : []
}

/** As a word of the name that is not its first. */
function hasPart(name: string, part: string): boolean {
  const lower = name.toLowerCase()
  return lower.includes(`_${part}_`) || lower.endsWith(`_${part}`)
}

function unit({ name }: Family): readonly string[] {
  for (const part of name.split('_')) {
    const base = baseUnit(part) ?? baseUnit(part.replace(PREFIX, ''))
    if (base !== undefined) return when(part !== base, `use base unit "${base}" instead of "${part}"`)
  }
  return []
}

function baseUnit(part: string): string | undefined {
  return Object.hasOwn(BASE_UNITS, part) ? BASE_UNITS[part] : undefined
}

function counter({ name, type }: Family): readonly string[] {
  const isTotal = name.endsWith('_total')
  if (type === 'counter') return when(!isTotal, 'counter metrics should have "_total" suffix')
  return when(type !== 'untyped' && isTotal, 'non-counter metrics should not have "_total" suffix')
}

function reserved({ name, type, metrics }: Family): readonly string[] {
  if (type === 'untyped') return []
  const isHistogram = type === 'histogram'
  const isSummary = type === 'summary'
  const either = isHistogram || isSummary
  const labels = metrics.flatMap((metric) => metric.labels.map((label) => label.name))
  return [
    ...when(!isHistogram && name.endsWith('_bucket'), 'non-histogram metrics should not have "_bucket" suffix'),
    ...when(!either && name.endsWith('_count'), 'non-histogram and non-summary metrics should not have "_count" suffix'),
    ...when(!either && name.endsWith('_sum'), 'non-histogram and non-summary metrics should not have "_sum" suffix'),
    ...labels.filter((label) => !isHistogram && label === 'le').map(() => 'non-histogram metrics should not have "le" label'),
    ...labels.filter((label) => !isSummary && label === 'quantile').map(() => 'non-summary metrics should not have "quantile" label'),
  ]
}

function camelCase({ name, metrics }: Family): readonly string[] {
  const labels = metrics.flatMap((metric) => metric.labels.filter((label) => CAMEL_CASE.test(label.name)))
  return [
    ...when(CAMEL_CASE.test(name), "metric names should be written in 'snake_case' not 'camelCase'"),
    ...labels.map(() => "label names should be written in 'snake_case' not 'camelCase'"),
  ]
}

/** One for each metric that comes again; of labels in another order promlint thinks that they are others. */
function duplicates({ metrics }: Family): readonly string[] {
  const distinct = new Set(metrics.map(({ labels }) => JSON.stringify(labels.map(({ name, value }) => [name, value]))))
  return Array.from({ length: metrics.length - distinct.size }, () => 'metric not unique')
}
