import type { ExpositionFormat } from './content-type.ts'
import { ExpositionError } from './error.ts'
import { createOpenMetricsParser, createTextParser } from './line-parser.ts'
import type { ExpositionParser, ParserOptions } from './parser.ts'

/** The parser of a format. @throws ExpositionError `content-type` for a format that cannot be read yet. */
export function createParser(format: ExpositionFormat, options: ParserOptions = {}): ExpositionParser {
  if (format === 'text/plain') return createTextParser(options)
  if (format === 'application/openmetrics-text') return createOpenMetricsParser(options)
  throw new ExpositionError('content-type', `${format} is not supported by Promlet yet: let the target answer text`)
}

/** The scrape protocols that can be read, with what asks for them. `escaping` says how unusual names are to be written. */
const ACCEPTS: Readonly<Record<string, (escaping: string) => string>> = {
  OpenMetricsText1_0_0: (escaping) => `application/openmetrics-text;version=1.0.0;escaping=${escaping}`,
  OpenMetricsText0_0_1: () => 'application/openmetrics-text;version=0.0.1',
  PrometheusText1_0_0: (escaping) => `text/plain;version=1.0.0;escaping=${escaping}`,
  PrometheusText0_0_4: () => 'text/plain;version=0.0.4',
}

/** The weight of the first protocol, in tenths: Prometheus knows five of them. */
const FIRST_WEIGHT = 6

/**
 * The Accept header of a scrape: the protocols by their names in `scrape_protocols`, the most wanted first, as far as
 * `createParser` can read them; all that it can read when it can read none of them; and at last anything.
 */
export function scrapeAccept(protocols: readonly string[], escaping: string): string {
  const known = protocols.filter((protocol) => ACCEPTS[protocol] !== undefined)
  const asked = known.length > 0 ? known : Object.keys(ACCEPTS)
  const accepts = asked.map((protocol, index) => `${ACCEPTS[protocol]?.(escaping)};q=0.${FIRST_WEIGHT - index}`)
  return [...accepts, `*/*;q=0.${FIRST_WEIGHT - asked.length}`].join(',')
}
