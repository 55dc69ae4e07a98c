// Prometheus's template functions, beside those that every Go template has.

import { compareText, formatHistogram, parseDuration, toLowerGo, toUpperGo, type VectorSample } from '@promlet/model'
import { builtins, escapeQuery } from './builtins.ts'
import { stripDomain, stripPort } from './host-port.ts'
import { humanize, humanize1024, humanizeDuration, humanizePercentage, humanizeTimestamp, toFloat, toTime } from './humanize.ts'
import { matches, replaceAll } from './regex.ts'
import { durationValue } from './time.ts'
import {
  anyDict,
  anyParameter,
  type Dict,
  type FunctionMap,
  type List,
  list,
  namedParameter,
  type Struct,
  stringDict,
  stringParameter,
  type TemplateFunction,
  type Value,
} from './value.ts'

const resultParameter = namedParameter('template.queryResult')
const sampleParameter = namedParameter('*template.sample')

/** The address of an expression's graph below the external URL. */
export function graphLink(expr: string): string {
  return `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`
}

/** The address of an expression's table below the external URL. */
export function tableLink(expr: string): string {
  return `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=1`
}

/** The result of a query as templates see it: a list of samples with `Labels` and `Value`. */
export function queryResult(samples: readonly VectorSample[]): List {
  return list('template.queryResult', samples.map(sampleValue))
}

/** The value of a sample: a float, or a histogram that prints as Prometheus prints it. */
export function sampleNumber({ value, histogram }: Pick<VectorSample, 'value' | 'histogram'>): Value {
  if (histogram === undefined) return value
  return { kind: 'struct', type: '*histogram.FloatHistogram', fields: new Map(), text: () => formatHistogram(histogram) }
}

function sampleValue(sample: VectorSample): Struct {
  return {
    kind: 'struct',
    type: '*template.sample',
    fields: new Map<string, Value>([
      ['Labels', stringDict(sample.labels)],
      ['Value', sampleNumber(sample)],
    ]),
  }
}

function onText(change: (text: string) => Value): TemplateFunction {
  return { parameters: [stringParameter], call: ([text]) => change(text as string) }
}

function onAny(change: (value: Value) => Value): TemplateFunction {
  return { parameters: [anyParameter], call: ([value]) => change(value) }
}

function onSample(take: (sample: Struct) => Value): TemplateFunction {
  return { parameters: [sampleParameter], call: ([sample]) => take(sample as Struct) }
}

function labelOf(sample: Value, name: string): Value {
  const labels = (sample as Struct).fields.get('Labels') as Dict
  return labels.entries.get(name) ?? ''
}

const own: readonly (readonly [string, TemplateFunction])[] = [
  [
    'query',
    {
      parameters: [stringParameter],
      call: ([expr], { environment }) => {
        if (environment.query === undefined) throw new RangeError('queries are not possible here')
        return environment.query(expr as string)
      },
    },
  ],
  ['first', { parameters: [resultParameter], call: ([result]) => first(result as List) }],
  ['label', { parameters: [stringParameter, sampleParameter], call: ([name, sample]) => labelOf(sample, name as string) }],
  ['value', onSample((sample) => sample.fields.get('Value'))],
  ['strvalue', onSample((sample) => labelOf(sample, '__value__'))],
  [
    'sortByLabel',
    { parameters: [stringParameter, resultParameter], call: ([name, result]) => sortByLabel(name as string, result as List) },
  ],
  ['args', { parameters: [], rest: anyParameter, call: (args) => anyDict(args.map((arg, index) => [`arg${index}`, arg] as const)) }],
  [
    'reReplaceAll',
    {
      parameters: [stringParameter, stringParameter, stringParameter],
      call: ([pattern, replacement, text]) => replaceAll(pattern as string, replacement as string, text as string),
    },
  ],
  ['match', { parameters: [stringParameter, stringParameter], call: ([pattern, text]) => matches(pattern as string, text as string) }],
  ['safeHtml', onText((html) => ({ kind: 'html', html }))],
  ['title', onText(title)],
  ['toUpper', onText(toUpperGo)],
  ['toLower', onText(toLowerGo)],
  ['stripPort', onText(stripPort)],
  ['stripDomain', onText(stripDomain)],
  ['graphLink', onText(graphLink)],
  ['tableLink', onText(tableLink)],
  ['urlQueryEscape', onText(escapeQuery)],
  ['humanize', onAny(humanize)],
  ['humanize1024', onAny(humanize1024)],
  ['humanizeDuration', onAny(humanizeDuration)],
  ['humanizePercentage', onAny(humanizePercentage)],
  ['humanizeTimestamp', onAny(humanizeTimestamp)],
  ['toTime', onAny(toTime)],
  ['toDuration', onAny((value) => durationValue(BigInt(Math.trunc(finite(toFloat(value)) * 1e9)), '*time.Duration'))],
  ['parseDuration', onText(durationSeconds)],
  ['now', { parameters: [], call: (_, { environment }) => environment.nowSeconds }],
  ['pathPrefix', { parameters: [], call: (_, { environment }) => pathOf(environment.externalUrl) }],
  ['externalURL', { parameters: [], call: (_, { environment }) => environment.externalUrl }],
]

/** All functions of a Prometheus template. */
export const prometheusFunctions: FunctionMap = new Map([...builtins, ...own])

const tmpl: TemplateFunction = {
  parameters: [stringParameter, anyParameter],
  call: ([name, data], host) => ({ kind: 'html', html: host.execute(name as string, data) }),
}

/** With `tmpl`, which only HTML templates have. */
export const prometheusHtmlFunctions: FunctionMap = new Map([...prometheusFunctions, ['tmpl', tmpl]])

function first({ items }: List): Value {
  if (items.length === 0) throw new RangeError('first() called on vector with no elements')
  return items[0]
}

function sortByLabel(name: string, result: List): Value {
  const items = result.items.toSorted((left, right) => compareText(labelOf(left, name) as string, labelOf(right, name) as string))
  return { ...result, items }
}

/** Go's strings.Title: the first letter of every word, where a word ends at what is no letter, digit or underscore. */
function title(text: string): string {
  return text.replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before: string, letter: string) => before + toUpperGo(letter))
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError('value is NaN or Inf')
  return value
}

function durationSeconds(text: string): number {
  const negative = text.startsWith('-')
  try {
    const seconds = parseDuration(negative ? text.slice(1) : text) / 1000
    return negative ? -seconds : seconds
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message.replace(text.replace(/^-/, ''), text) : String(error), { cause: error })
  }
}

function pathOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  return path === '/' && !url.endsWith('/') ? '' : path
}
