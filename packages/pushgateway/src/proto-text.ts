// A metric in the compact text form of protocol buffers, which is how the original quotes a metric in its errors.

import { type FamilyType, formatFloatGo, type LabelPair, type Sample } from '@promlet/exposition'

const FIELDS: Readonly<Record<FamilyType, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  untyped: 'untyped',
  summary: 'summary',
  histogram: 'histogram',
  gauge_histogram: 'histogram',
}

/** `label:<name:"a" value:"b" > counter:<value:5 > `, with the trailing blank. */
export function protoText(type: FamilyType, labels: readonly LabelPair[], sample: Sample): string {
  let text = ''
  for (const { name, value } of labels) text += `label:<name:${quoteBytes(name)} value:${quoteBytes(value)} > `
  return `${text}${FIELDS[type]}:<${sampleText(sample)}> `
}

function sampleText(sample: Sample): string {
  switch (sample.kind) {
    case 'value':
      return `value:${float(sample.value)} `
    case 'summary': {
      const quantiles = sample.quantiles.map(({ quantile, value }) => `quantile:<quantile:${float(quantile)} value:${float(value)} > `)
      return `sample_count:${sample.count} sample_sum:${float(sample.sum)} ${quantiles.join('')}`
    }
    case 'histogram': {
      const buckets = sample.buckets.map(({ upperBound, count }) => `bucket:<cumulative_count:${count} upper_bound:${float(upperBound)} > `)
      return `sample_count:${sample.count} sample_sum:${float(sample.sum)} ${buckets.join('')}`
    }
  }
}

function float(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : formatFloatGo(value)
  return formatFloatGo(value).replace('+', '').toLowerCase()
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

/** Bytes outside ASCII stand as three octal digits. */
function quoteBytes(text: string): string {
  let quoted = ''
  for (const byte of Buffer.from(text)) {
    const isPrintable = byte >= 0x20 && byte < 0x7f
    quoted += ESCAPES.get(byte) ?? (isPrintable ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return `"${quoted}"`
}
