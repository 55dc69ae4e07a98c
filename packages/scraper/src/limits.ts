import type { ScrapeLimits } from '@promlet/config'
import { type Labels, quote } from '@promlet/model'
import { ScrapeError } from './error.ts'

/** Refuses a series with too many or too long labels. Lengths are in bytes. @throws ScrapeError `limit` */
export function checkLabelLimits(labels: Labels, { labelsMax, labelNameLengthMax, labelValueLengthMax }: ScrapeLimits): void {
  const limited = labelsMax > 0 || labelNameLengthMax > 0 || labelValueLengthMax > 0
  if (!limited) return
  const metric = `metric: ${cut(labels.metricName)}`
  if (labelsMax > 0 && labels.size > labelsMax) {
    throw exceeded('label_limit', `${metric}, number of labels: ${labels.size}, limit: ${labelsMax}`)
  }
  if (labelNameLengthMax === 0 && labelValueLengthMax === 0) return
  for (const [name, value] of labels) {
    const nameLength = Buffer.byteLength(name)
    if (labelNameLengthMax > 0 && nameLength > labelNameLengthMax) {
      throw exceeded('label_name_length_limit', `${metric}, label name: ${cut(name)}, length: ${nameLength}, limit: ${labelNameLengthMax}`)
    }
    const valueLength = Buffer.byteLength(value)
    if (labelValueLengthMax > 0 && valueLength > labelValueLengthMax) {
      const where = `${metric}, label name: ${cut(name)}, value: ${quote(cut(value))}`
      throw exceeded('label_value_length_limit', `${where}, length: ${valueLength}, limit: ${labelValueLengthMax}`)
    }
  }
}

function exceeded(limit: string, details: string): ScrapeError {
  return new ScrapeError('limit', `${limit} exceeded (${details})`)
}

/** The first fifty characters. */
function cut(text: string): string {
  return [...text].slice(0, 50).join('')
}
