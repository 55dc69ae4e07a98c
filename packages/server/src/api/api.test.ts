import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { START, startLab } from '../../test/lab.ts'
import { defaultSettings } from '../index.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-api-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const config = `
global:
  scrape_interval: 15s
  external_labels: {region: eu-west, zone: a}
scrape_configs:
  - job_name: shop
    honor_labels: true
    static_configs: [{targets: ['shop:8080']}]
`
const targets = {
  'http://shop:8080/metrics': `# HELP orders_total Orders.
# TYPE orders_total counter
orders_total{item="tea"} 3
orders_total{item="cup"} 4
{"cups.full",zone="b"} 1
`,
}

describe('the API over a scraped target', () => {
  test('answers no more than the limit, and says so', async () => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(30_000)
    const cut = async (path: string) => {
      const { data, warnings } = JSON.parse((await lab.get(path)).body)
      return [Array.isArray(data) ? data.length : data.result.length, warnings]
    }
    const warnings = ['results truncated due to limit']
    expect(await cut('/api/v1/query?query=orders_total&limit=1')).toEqual([1, warnings])
    expect(await cut('/api/v1/query?query=orders_total&limit=2')).toEqual([2, undefined])
    expect(await cut('/api/v1/series?match[]=orders_total&limit=1')).toEqual([1, warnings])
    expect(await cut('/api/v1/labels?limit=2')).toEqual([2, warnings])
    expect(await cut('/api/v1/label/item/values?limit=1')).toEqual([1, warnings])
  })

  test('finds values of labels whose name is escaped in the path', async () => {
    await using lab = await startLab({ config, targets: { 'http://shop:8080/metrics': 'orders_total{"cup.size"="big"} 1\n' } })
    await lab.clock.advance(30_000)
    expect(await lab.data('/api/v1/label/U__cup_2e_size/values')).toEqual(['big'])
    expect(await lab.data('/api/v1/label/cup.size/values')).toEqual(['big'])
  })

  test('measures queries when it is asked to', async () => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(30_000)
    const answer = (await lab.data('/api/v1/query?query=orders_total&stats=all')) as Record<string, unknown>
    expect(answer['stats']).toMatchObject({ timings: { execQueueTime: 0 }, samples: { totalQueryableSamples: 2, peakSamples: 2 } })
    expect(Object.keys((await lab.data('/api/v1/query?query=orders_total')) as object)).toEqual(['resultType', 'result'])
    const warningsOf = async (stats: string) => {
      const { body } = await lab.get(`/api/v1/query?query=orders_total&stats=${stats}`)
      return (JSON.parse(body) as { data: object; warnings?: string[] }).warnings
    }
    expect([await warningsOf('all'), await warningsOf('true'), await warningsOf('')]).toEqual([undefined, undefined, undefined])
    expect(await warningsOf('%22yes%22')).toEqual([
      'value "\\"yes\\"" for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"',
    ])
  })

  test('counts samples step by step when the feature is on and all statistics are asked for', async () => {
    await using lab = await startLab({ config, targets, settings: { features: new Set(['promql-per-step-stats']) } })
    await lab.clock.advance(60_000)
    const start = START / 1000 + 30
    const samplesOf = async (stats: string) => {
      const query = new URLSearchParams({ query: 'sum(orders_total)', start: `${start}`, end: `${start + 30}`, step: '15', stats })
      return ((await lab.data(`/api/v1/query_range?${query}`)) as { stats: { samples: object } }).stats.samples
    }
    const steps = [0, 15, 30].map((seconds) => [start + seconds, 2])
    const totals = { totalQueryableSamples: 6, samplesRead: 6 }
    expect(await samplesOf('all')).toMatchObject({ ...totals, totalQueryableSamplesPerStep: steps, samplesReadPerStep: steps })
    expect(await samplesOf('1')).not.toHaveProperty('samplesReadPerStep')
  })

  test('has no exemplars for a query that selects nothing', async () => {
    await using lab = await startLab({ config, targets })
    expect(await lab.get('/api/v1/query_exemplars?query=1%2B1')).toMatchObject({ status: 204, body: '' })
  })

  test('knows the metadata of what it scrapes', async () => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(30_000)
    const orders = { type: 'counter', help: 'Orders.', unit: '' }
    expect(await lab.data('/api/v1/metadata')).toEqual({ orders_total: [orders] })
    expect(await lab.data('/api/v1/targets/metadata?match_target={job="shop"}')).toEqual([
      { target: { instance: 'shop:8080', job: 'shop' }, metric: 'orders_total', ...orders },
    ])
  })
})

describe('/federate', () => {
  test('writes external labels behind those of the series, and names as the reader can read them', async () => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(30_000)
    const ask = async (accept: string) => (await lab.get('/federate?match[]={__name__=~"cups.*|orders_total"}', { accept })).body
    const times = / 17672256\d{5}\n/g
    expect((await ask('')).replace(times, '\n')).toBe(`# TYPE cups_full untyped
cups_full{instance="shop:8080",job="shop",zone="b",region="eu-west"} 1
# TYPE orders_total untyped
orders_total{instance="shop:8080",item="cup",job="shop",region="eu-west",zone="a"} 4
orders_total{instance="shop:8080",item="tea",job="shop",region="eu-west",zone="a"} 3
`)
    expect(await ask('text/plain;version=0.0.4;escaping=allow-utf-8')).toContain('# TYPE "cups.full" untyped\n{"cups.full",')
  })

  test('gives series without an instance an empty one', async () => {
    const unlabelled = `${config}    metric_relabel_configs: [{action: labeldrop, regex: instance}]\n`
    await using lab = await startLab({ config: unlabelled, targets })
    await lab.clock.advance(30_000)
    expect((await lab.get('/federate?match[]=orders_total{item="tea"}')).body).toContain(
      'orders_total{item="tea",job="shop",instance="",region="eu-west",zone="a"} 3',
    )
  })
})

describe('the admin API', () => {
  const web = { ...defaultSettings.web, enableAdminApi: true }
  const post = async (lab: Awaited<ReturnType<typeof startLab>>, url: string) =>
    (await lab.stack.app?.inject({ method: 'POST', url }))?.statusCode

  test('deletes the series of every selector, in the range', async () => {
    await using lab = await startLab({ config, targets, settings: { web } })
    await lab.clock.advance(60_000)
    expect(await post(lab, '/api/v1/admin/tsdb/delete_series?match[]=orders_total{item="tea"}&match[]=up')).toBe(204)
    expect(await lab.data('/api/v1/query?query=count({__name__=~"orders_total|up"})')).toMatchObject({
      result: [{ value: [1767225660, '1'] }],
    })
    expect(await post(lab, '/api/v1/admin/tsdb/clean_tombstones')).toBe(204)
  })

  test('writes snapshots below the folder of the store, and names them by time', async () => {
    const path = join(root, 'admin')
    await using lab = await startLab({ config, targets, settings: { web, storage: { ...defaultSettings.storage, path } } })
    await lab.clock.advance(60_000)
    const answer = await lab.stack.app?.inject({ method: 'PUT', url: '/api/v1/admin/tsdb/snapshot' })
    const { name }: { name: string } = answer?.json().data ?? { name: '' }
    expect(name).toMatch(/^20260101T000100Z-[0-9a-f]{16}$/)
    const folder = join(path, 'snapshots', name)
    await using copy = await startLab({ config: '', settings: { storage: { ...defaultSettings.storage, path: folder } } })
    expect(await copy.data('/api/v1/query?query=count(orders_total)&time=2026-01-01T00:01:00Z')).toMatchObject({
      result: [{ value: [1767225660, '2'] }],
    })
  })

  test('has no place for snapshots where the store is in memory', async () => {
    await using lab = await startLab({ config, targets, settings: { web } })
    expect(await post(lab, '/api/v1/admin/tsdb/snapshot?skip_head=true')).toBe(500)
  })

  test('is off unless a flag turns it on', async () => {
    await using lab = await startLab({ config, targets })
    expect(await post(lab, '/api/v1/admin/tsdb/delete_series?match[]=up')).toBe(500)
  })
})

describe('statuses', () => {
  test('blocks of the store are told of as Prometheus tells of its own', async () => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(60_000)
    expect(await lab.data('/api/v1/status/tsdb/blocks')).toEqual({ blocks: [] })
    await lab.stack.live.store?.compactNow()
    const { blocks } = (await lab.data('/api/v1/status/tsdb/blocks')) as { blocks: readonly Record<string, unknown>[] }
    expect(blocks).toMatchObject([{ compaction: { level: 1 }, version: 1 }])
    const [block] = blocks
    expect(block?.['ulid']).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(block?.['stats']).toMatchObject({ numSeries: expect.any(Number), numSamples: expect.any(Number) })
  })

  test('a reload that failed is a notification until one succeeds', async () => {
    await using lab = await startLab({ config })
    expect(await lab.data('/api/v1/notifications')).toEqual([])
    await expect(lab.stack.reload({ ...lab.stack.live.config, scrapeConfigs: [{} as never] })).rejects.toThrow()
    expect(await lab.data('/api/v1/notifications')).toEqual([
      { text: 'Configuration reload has failed.', date: '2026-01-01T00:00:00.000Z', active: true },
    ])
  })

  test('features say what is there and what is not', async () => {
    await using lab = await startLab({ config })
    expect(await lab.data('/api/v1/features')).toMatchObject({
      api: { admin: false, query_stats: true },
      promql_functions: { rate: true, histogram_quantile: true },
      service_discovery_providers: { file: true },
    })
  })

  test('parts that do not run here are named', async () => {
    await using lab = await startLab({ settings: { components: new Set(['tsdb']) } })
    expect(await lab.data('/api/v1/targets')).toEqual({
      status: 'error',
      errorType: 'unavailable',
      error: 'scraper does not run in this process',
    })
  })
})
