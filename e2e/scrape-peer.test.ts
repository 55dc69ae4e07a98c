// A real node_exporter, scraped by Promlet and by a real Prometheus at once: both must store the same series.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePrometheusConfig } from '@promlet/config'
import { createHttpClientFactory } from '@promlet/http'
import { systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { startScraper } from '@promlet/scraper'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { findPeer, freePort, run, until, untilOk } from './peer.ts'

const prometheus = findPeer('prometheus')
const exporter = findPeer('prometheus-node-exporter')

describe.skipIf(prometheus === undefined || exporter === undefined)('scraping a real node_exporter', () => {
  test('gives the series that Prometheus has, with their metadata', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'promlet-scrape-'))
    try {
      const [exporterPort, prometheusPort] = [await freePort(), await freePort()]
      const target = `127.0.0.1:${exporterPort}`
      const config = `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ['${target}'], labels: {env: test}}]
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'node_scrape_collector_.*', action: drop}
      - {source_labels: [device], target_label: instance, regex: (.+), replacement: 'dev-$1'}
`
      const file = join(folder, 'prometheus.yml')
      await writeFile(file, config)
      await using _exporter = run(exporter as string, [`--web.listen-address=${target}`])
      await untilOk(`http://${target}/metrics`)
      const address = `127.0.0.1:${prometheusPort}`
      const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
      await using _prometheus = run(prometheus as string, flags)
      await untilOk(`http://${address}/-/ready`)

      const store = new MemoryStore()
      const parsed = parsePrometheusConfig(config, { file })
      const clock = systemClock
      const options = { clock, logger: silentLogger, registry: createRegistry(), version: '0.1.0', appendable: store }
      const scraper = await startScraper({ ...options, config: parsed.scrapeConfigs, httpClient: createHttpClientFactory({ clock }) })
      try {
        const api = async (path: string) => ((await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { data: unknown }).data
        const theirs = async () => (await api('series?match[]={job="node"}')) as readonly Record<string, string>[]
        await until(async () => (await theirs()).length > 100, 'Prometheus to scrape')
        await until(() => store.stored.length > 100, 'Promlet to scrape')
        // Go's runtime has series that come with its first garbage collection, so that one scrape more may be needed.
        // Prometheus 3 stores whole quantiles and bounds as 1.0, Debian's Prometheus 2 as they come.
        const asBefore = (labels: string) => labels.replace(/(quantile|le)="(\d+)\.0"/, '$1="$2"')
        const ours = () => store.stored.map(({ labels }) => asBefore(labels.toString())).sort()
        const text = (labels: Record<string, string>) =>
          `{${Object.keys(labels)
            .sort()
            .map((name) => `${name}=${JSON.stringify(labels[name])}`)
            .join(', ')}}`
        const different = async () => {
          const [left, right] = [new Set((await theirs()).map(text)), new Set(ours())]
          return [...[...left].filter((series) => !right.has(series)), ...[...right].filter((series) => !left.has(series))]
        }
        await expect.poll(different, { timeout: 20_000 }).toEqual([])
        expect(scraper.targets().active).toMatchObject([{ health: 'up', lastError: '' }])
        const metadata = (await api('metadata')) as Record<string, readonly { type: string; help: string; unit: string }[]>
        const families = scraper.metadata().flatMap((one) => one.families)
        expect(Object.fromEntries(families.map(({ metric, ...rest }) => [metric, [rest]]))).toEqual(metadata)
      } finally {
        await scraper.close()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
