import type { ScrapeConfig } from '@promlet/config'
import type { RelabelConfig } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { job, startHarness, WEB } from '../test/harness.ts'

const OTHER = 'http://web:8081/metrics'
const at = (...targets: string[]): Pick<ScrapeConfig, 'discovery'> => ({
  discovery: [{ kind: 'static', groups: [{ targets, labels: {} }] }],
})
const series = (metric: string, instance = 'web:8080', more = '') => `{__name__="${metric}", ${more}instance="${instance}", job="web"}`
const drop = (regex: string): RelabelConfig => ({
  sourceLabels: ['__name__'],
  separator: ';',
  targetLabel: '',
  regex,
  modulus: 0,
  replacement: '$1',
  action: 'drop',
})

describe('a target that is gone', () => {
  test('gets stale markers two scrapes later, at the time of the first one that is missed', async () => {
    const h = await startHarness([job(at('web:8080', 'web:8081'))], { [WEB]: 'a 1\n', [OTHER]: 'a 2\n' })
    await h.scrape()
    const last = h.scraper.targets().active.find(({ scrapeUrl }) => scrapeUrl === WEB)?.lastScrape ?? 0
    await h.scraper.reload([job(at('web:8081'))])
    await h.clock.advance(last + 20_999 - h.clock.now())
    expect(h.samples(/^a$/)[series('a')]).not.toContain('stale')
    await h.clock.advance(1)
    const ended = h.samples(/^(a|up|scrape_.*)$/)
    for (const metric of ['a', 'up', 'scrape_duration_seconds', 'scrape_series_added']) {
      const [first, end, ...rest] = ended[series(metric)]?.split(' ') ?? []
      expect(rest).toEqual([])
      expect(Number(end?.split(':')[0]) - Number(first?.split(':')[0])).toBe(10)
      expect(end).toMatch(/:stale$/)
    }
    expect(h.samples(/^up$/)[series('up', 'web:8081')]).not.toContain('stale')
  })

  test('and comes back in time goes on as if nothing had been', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\nb 1\n' })
    await h.scrape()
    await h.scraper.reload([job(at())])
    await h.clock.advance(1)
    h.targets.answers.set(WEB, 'a 2\n')
    await h.scraper.reload([job()])
    await h.clock.advance(69_999)
    expect(h.samples(/^(a|b|scrape_series_added)$/)).toEqual({
      [series('a')]: '0:1 10:2 20:2 30:2 40:2 50:2 60:2 70:2',
      [series('b')]: '0:1 10:stale',
      [series('scrape_series_added')]: '0:2 10:0 20:0 30:0 40:0 50:0 60:0 70:0',
    })
  })

  test('with its whole job gets them too', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    await h.scraper.reload([])
    await h.clock.advance(60_000)
    expect(h.samples(/^(a|up)$/)).toEqual({ [series('a')]: '0:1 10:stale', [series('up')]: '0:1 10:stale' })
    expect(h.scraper.scrapePools()).toEqual([])
  })

  test('gets none when the scraper stops', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    await h.scraper.close()
    await h.clock.advance(60_000)
    expect(h.samples(/^(a|up)$/)).toEqual({ [series('a')]: '0:1', [series('up')]: '0:1' })
    expect(h.scraper.ready()).toBe(false)
  })
})

describe('a reload', () => {
  test('of the same configuration changes nothing', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    await h.clock.advance(3000)
    await h.scraper.reload([job()])
    await h.clock.advance(37_000)
    expect(h.samples(/^(a|scrape_series_added)$/)).toEqual({
      [series('a')]: '0:1 10:1 20:1 30:1 40:1',
      [series('scrape_series_added')]: '0:1 10:0 20:0 30:0 40:0',
    })
    expect(await h.metric('prometheus_target_scrape_pool_reloads_total')).toBe(0)
  })

  test('that only adds targets does not touch those that are there', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n', [OTHER]: 'a 1\n' })
    await h.scrape()
    await h.scraper.reload([job(at('web:8080', 'web:8081'))])
    await h.clock.advance(30_000)
    expect(h.samples(/^scrape_series_added$/)[series('scrape_series_added')]).toBe('0:1 10:0 20:0 30:0')
    expect(await h.metric('prometheus_target_scrape_pool_reloads_total')).toBe(0)
    expect(h.scraper.targets().active.map(({ health }) => health)).toEqual(['up', 'up'])
  })

  test('of a limit keeps phase and series', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\nb 1\n' })
    await h.scrape()
    await h.scraper.reload([job({ limits: { ...job().limits, samplesMax: 1 } })])
    await h.scrape()
    expect(h.scraper.targets().active[0]?.lastError).toBe('sample limit exceeded')
    await h.scraper.reload([job()])
    await h.clock.advance(40_000)
    expect(h.samples(/^(a|up|scrape_series_added)$/)).toEqual({
      [series('a')]: '0:1 10:stale 20:1 30:1 40:1 50:1',
      [series('up')]: '0:1 10:0 20:1 30:1 40:1 50:1',
      [series('scrape_series_added')]: '0:2 10:0 20:0 30:0 40:0 50:0',
    })
  })

  test('of metric relabelling ends only the series that it drops', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\nb 1\n' })
    await h.scrape()
    await h.scraper.reload([job({ metricRelabelConfigs: [drop('b')] })])
    await h.clock.advance(40_000)
    expect(h.samples(/^(a|b|up)$/)).toEqual({
      [series('a')]: '0:1 10:1 20:1 30:1 40:1',
      [series('b')]: '0:1 10:stale',
      [series('up')]: '0:1 10:1 20:1 30:1 40:1',
    })
  })

  test('of the interval scrapes at the new one', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    const before = h.targets.requests.length
    await h.scraper.reload([job({ scrapeIntervalMs: 2000, scrapeTimeoutMs: 1000 })])
    await h.clock.advance(20_000)
    expect(h.targets.requests.length - before).toBe(10)
    expect(h.scraper.targets().active[0]).toMatchObject({ scrapeIntervalMs: 2000, scrapeTimeoutMs: 1000 })
    expect(h.samples(/^a$/)[series('a')]).not.toContain('stale')
  })

  test('with a job that cannot be used changes nothing', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    const broken = job({ jobName: 'broken', relabelConfigs: [drop('(')] })
    await expect(h.scraper.reload([broken])).rejects.toThrow()
    await h.scrape()
    expect(h.scraper.scrapePools()).toEqual(['web'])
    expect(h.samples(/^up$/)).toEqual({ [series('up')]: '0:1' })
    expect(await h.metric('prometheus_target_scrape_pools_failed_total')).toBe(1)
  })
})

test('series that come and go without end do not pile up, and none is mixed up with another', async () => {
  const h = await startHarness([job()], {})
  const body = (round: number) =>
    `steady 1\n${Array.from({ length: 100 }, (_, index) => `run{id="${round}-${index}"} ${round * 1000 + index}\n`).join('')}`
  for (let round = 0; round < 12; round++) {
    h.targets.answers.set(WEB, body(round))
    await h.scrape()
  }
  const samples = h.samples(/^(run|steady)$/)
  for (let round = 0; round < 12; round++) {
    for (let index = 0; index < 100; index++) {
      const end = round < 11 ? ` ${round * 10 + 10}:stale` : ''
      expect(samples[`{__name__="run", id="${round}-${index}", instance="web:8080", job="web"}`]).toBe(
        `${round * 10}:${round * 1000 + index}${end}`,
      )
    }
  }
  expect(samples[series('steady')]).toBe(Array.from({ length: 12 }, (_, round) => `${round * 10}:1`).join(' '))
})
