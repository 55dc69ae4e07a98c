import { quote } from '@promlet/model'
import { ExpositionError } from './error.ts'
import { parseMediaType } from './media-type.ts'

/** The formats of expositions, by their media type. */
export type ExpositionFormat = 'text/plain' | 'application/openmetrics-text' | 'application/vnd.google.protobuf'

const FORMATS: readonly string[] = [
  'text/plain',
  'application/openmetrics-text',
  'application/vnd.google.protobuf',
] satisfies ExpositionFormat[]

const PROTOCOLS: Readonly<Record<string, ExpositionFormat>> = {
  PrometheusProto: 'application/vnd.google.protobuf',
  PrometheusText0_0_4: 'text/plain',
  PrometheusText1_0_0: 'text/plain',
  OpenMetricsText0_0_1: 'application/openmetrics-text',
  OpenMetricsText1_0_0: 'application/openmetrics-text',
}

/** How an answer is to be read. */
export interface FormatChoice {
  readonly format: ExpositionFormat
  /** What is wrong with the Content-Type when the fallback had to be taken. */
  readonly warning?: string
}

/**
 * Chooses the format of a scraped body by its Content-Type. `fallbackProtocol` is the setting
 * `fallback_scrape_protocol`, or empty.
 * @throws ExpositionError `content-type` with Prometheus's text when neither names a known format.
 */
export function chooseFormat(contentType: string, fallbackProtocol: string): FormatChoice {
  const fallback = PROTOCOLS[fallbackProtocol]
  if (contentType === '') {
    const sender = 'non-compliant scrape target sending blank Content-Type'
    if (fallback === undefined) throw refusal(`${sender} and no fallback_scrape_protocol specified for target`)
    return { format: fallback, warning: `${sender}, using fallback_scrape_protocol ${quote(fallback)}` }
  }
  const given = quote(contentType)
  try {
    const { type } = parseMediaType(contentType)
    if (FORMATS.includes(type)) return { format: type as ExpositionFormat }
  } catch (error) {
    const reason = (error as ExpositionError).message
    if (fallback === undefined)
      throw refusal(`cannot parse Content-Type ${given} and no fallback_scrape_protocol for target\n${reason}`, error)
    return {
      format: fallback,
      warning: `could not parse received Content-Type ${given}, using fallback_scrape_protocol ${quote(fallback)}\n${reason}`,
    }
  }
  if (fallback === undefined)
    throw refusal(`received unsupported Content-Type ${given} and no fallback_scrape_protocol specified for target`)
  return { format: fallback, warning: `received unsupported Content-Type ${given}, using fallback_scrape_protocol ${quote(fallback)}` }
}

function refusal(message: string, cause?: unknown): ExpositionError {
  return new ExpositionError('content-type', message, cause === undefined ? {} : { cause })
}
