import { type At, report } from './schema/yaml-file.ts'

/** The formats that a scrape can ask for, sorted. */
export const SCRAPE_PROTOCOLS = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
] as const
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number]

/** The most wanted first. */
export const DEFAULT_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
]

/** The same where native histograms are wanted, which only protobuf has. */
export const PROTO_FIRST_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = ['PrometheusProto', ...DEFAULT_SCRAPE_PROTOCOLS]

/** What is wrong with the name of a format, in Prometheus's words. */
export function refuseScrapeProtocol(name: string): string | undefined {
  if ((SCRAPE_PROTOCOLS as readonly string[]).includes(name)) return undefined
  return `unknown scrape protocol ${name}, supported: [${SCRAPE_PROTOCOLS.join(' ')}]`
}

/** Reports the first thing that is wrong with a list of formats; `whose` ends the message. */
export function checkScrapeProtocols(at: At, names: readonly string[], whose: string): void {
  const message = refuseScrapeProtocols(names)
  if (message !== undefined) report(at, `${message} ${whose}`)
}

function refuseScrapeProtocols(names: readonly string[]): string | undefined {
  if (names.length === 0) return 'scrape_protocols cannot be empty'
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name.toLowerCase())) return `duplicated protocol in scrape_protocols, got [${names.join(' ')}]`
    const unknown = refuseScrapeProtocol(name)
    if (unknown !== undefined) return `scrape_protocols: ${unknown}`
    seen.add(name.toLowerCase())
  }
  return undefined
}
