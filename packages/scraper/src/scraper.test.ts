import { describe, expect, test } from 'vitest'
import { textAnswer } from '../test/fake-targets.ts'
import { type Harness, job, START, startHarness, WEB } from '../test/harness.ts'

const TWO = 'a 1\nb{x="1"} 2\n'
const SELF = '{__name__="NAME", instance="web:8080", job="web"}'
const name = (metric: string) => SELF.replace('NAME', metric)

describe('a scrape', () => {
  test('stores the samples with the labels of the target, and reports on itself', async () => {
    const h = await startHarness([job()], { [WEB]: TWO })
    await h.scrape()
    expect(h.samples()).toEqual({
      [name('up')]: '0:1',
      [name('scrape_duration_seconds')]: '0:0',
      [name('scrape_samples_scraped')]: '0:2',
      [name('scrape_samples_post_metric_relabeling')]: '0:2',
      [name('scrape_series_added')]: '0:2',
      [name('a')]: '0:1',
      '{__name__="b", instance="web:8080", job="web", x="1"}': '0:2',
    })
  })

  test('asks as Prometheus does', async () => {
    const h = await startHarness([job({ params: { module: ['http_2xx'], 'a b': ['x&y', 'z'] }, metricsPath: 'probe' })], {})
    await h.scrape()
    expect(h.targets.requests[0]).toMatchObject({
      url: 'http://web:8080/probe?a+b=x%26y&a+b=z&module=http_2xx',
      timeoutMs: 5000,
      headers: {
        accept:
          'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
          'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
        'accept-encoding': 'gzip',
        'user-agent': 'Promlet/0.1.0',
        'x-prometheus-scrape-timeout-seconds': '5',
      },
    })
  })

  test('comes at the same moment of every interval, with exact timestamps', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.clock.advance(60_000)
    const times = h.store.stored.find(({ labels }) => labels.metricName === 'a')?.rows.map(({ at }) => at) ?? []
    expect(times).toHaveLength(6)
    expect(new Set(times.map((at) => at % 10_000)).size).toBe(1)
    const again = await startHarness([job()], { [WEB]: 'a 1\n' })
    await again.clock.advance(20_000)
    expect(again.store.stored[0]?.rows[0]?.at).toBe(times[0])
  })

  test('marks series that are gone, and takes them up again', async () => {
    const h = await startHarness([job()], { [WEB]: TWO })
    await h.scrape()
    h.targets.answers.set(WEB, 'a 3\n')
    await h.scrape()
    await h.scrape()
    h.targets.answers.set(WEB, TWO)
    await h.scrape()
    expect(h.samples(/^(a|b|scrape_series_added)$/)).toEqual({
      [name('a')]: '0:1 10:3 20:3 30:1',
      '{__name__="b", instance="web:8080", job="web", x="1"}': '0:2 10:stale 30:2',
      [name('scrape_series_added')]: '0:2 10:0 20:0 30:1',
    })
  })

  test('that fails marks everything, says why, and is no loss of what is known', async () => {
    const h = await startHarness([job()], { [WEB]: TWO })
    await h.scrape()
    h.targets.answers.set(WEB, () => textAnswer('oops', 503))
    await h.scrape()
    expect(h.scraper.targets().active[0]).toMatchObject({
      health: 'down',
      lastError: 'server returned HTTP status 503 Service Unavailable',
    })
    h.targets.answers.delete(WEB)
    await h.scrape()
    expect(h.scraper.targets().active[0]?.lastError).toBe(`Get "${WEB}": dial tcp: connect: connection refused`)
    h.targets.answers.set(WEB, TWO)
    await h.scrape()
    expect(h.samples(/^(up|a|scrape_series_added|scrape_samples_scraped)$/)).toEqual({
      [name('up')]: '0:1 10:0 20:0 30:1',
      [name('a')]: '0:1 10:stale 30:1',
      [name('scrape_series_added')]: '0:2 10:0 20:0 30:0',
      [name('scrape_samples_scraped')]: '0:2 10:0 20:0 30:2',
    })
  })

  test('of a body with a broken line stores nothing of it', async () => {
    const h = await startHarness([job()], { [WEB]: TWO })
    await h.scrape()
    h.targets.answers.set(WEB, 'a 7\nnew 1\nb{x= 2\n')
    await h.scrape()
    expect(h.samples(/^(up|a|b|new)$/)).toEqual({
      [name('up')]: '0:1 10:0',
      [name('a')]: '0:1 10:stale',
      '{__name__="b", instance="web:8080", job="web", x="1"}': '0:2 10:stale',
    })
    expect(h.scraper.targets().active[0]?.lastError).toBe('expected label value, got "2" ("INVALID") while parsing: "b{x= 2"')
  })

  test('of an unknown format fails, unless a fallback is set', async () => {
    const html = () => ({ ...textAnswer(TWO), headers: { 'content-type': 'text/html' } })
    const strict = await startHarness([job()], {})
    strict.targets.answers.set(WEB, html)
    await strict.scrape()
    expect(strict.scraper.targets().active[0]?.lastError).toBe(
      'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target',
    )
    const lax = await startHarness([job({ fallbackScrapeProtocol: 'PrometheusText0_0_4' })], {})
    lax.targets.answers.set(WEB, html)
    await lax.scrape()
    expect(lax.samples(/^up$/)).toEqual({ [name('up')]: '0:1' })
  })

  test('with the body of nothing is a good one', async () => {
    const h = await startHarness([job()], { [WEB]: TWO })
    await h.scrape()
    h.targets.answers.set(WEB, '')
    await h.scrape()
    expect(h.samples(/^(up|a)$/)).toEqual({ [name('up')]: '0:1 10:1', [name('a')]: '0:1 10:stale' })
  })

  test('takes a series that comes twice once, and counts the other', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\na 2\na{} 3\n' })
    await h.scrape()
    await h.scrape()
    expect(h.samples(/^(a|scrape_samples_scraped|scrape_series_added)$/)).toEqual({
      [name('a')]: '0:1 10:1',
      [name('scrape_samples_scraped')]: '0:3 10:3',
      [name('scrape_series_added')]: '0:1 10:0',
    })
    expect(await h.metric('prometheus_target_scrapes_sample_duplicate_timestamp_total')).toBe(4)
  })
})

test('OpenMetrics is read with its exemplars and units', async () => {
  const h = await startHarness([job()], {})
  const body = '# TYPE rpc_seconds counter\n# UNIT rpc_seconds seconds\nrpc_seconds_total 3 # {trace_id="abc"} 0.5\n# EOF\n'
  const headers = { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' }
  h.targets.answers.set(WEB, () => ({ ...textAnswer(body), headers }))
  await h.scrape()
  expect(h.samples(/^rpc/)).toEqual({ [name('rpc_seconds_total')]: '0:3' })
  expect(h.store.metadata.get('rpc_seconds')).toEqual({ type: 'counter', help: '', unit: 'seconds' })
  const at = h.store.stored[0]?.rows[0]?.at
  expect(h.store.exemplars.map(({ exemplar }) => [exemplar.labels.toJSON(), exemplar.value, exemplar.at])).toEqual([
    [{ trace_id: 'abc' }, 0.5, at],
  ])
})

describe('timestamps of the exposition', () => {
  const at = START - 5000

  test('are kept, and a series with its own time gets no stale marker', async () => {
    const h = await startHarness([job()], { [WEB]: `a 1 ${at}\n` })
    await h.scrape()
    h.targets.answers.set(WEB, 'b 1\n')
    await h.scrape()
    expect(h.store.stored.find(({ labels }) => labels.metricName === 'a')?.rows.map((row) => row.at)).toEqual([at])
  })

  test('let a series have several samples in one scrape', async () => {
    const h = await startHarness([job()], { [WEB]: `a 1 ${at}\na 2 ${at + 1000}\n` })
    await h.scrape()
    expect(h.samples(/^(a|scrape_series_added|scrape_samples_post_metric_relabeling)$/)).toEqual({
      [name('a')]: expect.stringMatching(/:1 .*:2$/),
      [name('scrape_series_added')]: expect.stringMatching(/:1$/),
      [name('scrape_samples_post_metric_relabeling')]: expect.stringMatching(/:2$/),
    })
  })

  test('with track_timestamps_staleness it does', async () => {
    const h = await startHarness([job({ trackTimestampsStaleness: true })], { [WEB]: `a 1 ${at}\n` })
    await h.scrape()
    h.targets.answers.set(WEB, 'b 1\n')
    await h.scrape()
    expect(h.samples(/^a$/)[name('a')]).toMatch(/:1 .*:stale$/)
  })

  test('are ignored without honor_timestamps', async () => {
    const h = await startHarness([job({ honorTimestamps: false })], { [WEB]: `a 1 ${at}\n` })
    await h.scrape()
    expect(h.samples(/^a$/)).toEqual({ [name('a')]: '0:1' })
  })

  test('far ahead of the clock are refused and counted', async () => {
    const h = await startHarness([job()], { [WEB]: `a 1 ${START + 3_600_000}\n` })
    await h.scrape()
    expect(h.samples(/^(a|up)$/)).toEqual({ [name('up')]: '0:1' })
    expect(await h.metric('prometheus_target_scrapes_sample_out_of_bounds_total')).toBe(1)
  })
})

describe('labels', () => {
  test('of the exposition that the target has too are renamed', async () => {
    const h = await startHarness([job()], { [WEB]: 'a{job="x",exported_job="y",instance=""} 1\n' })
    await h.scrape()
    expect(Object.keys(h.samples(/^a$/))).toEqual([
      '{__name__="a", exported_exported_job="x", exported_job="y", instance="web:8080", job="web"}',
    ])
  })

  test('of the exposition win with honor_labels, also empty ones', async () => {
    const h = await startHarness([job({ honorLabels: true })], { [WEB]: 'a{job="x",instance=""} 1\nb 1\n' })
    await h.scrape()
    expect(Object.keys(h.samples(/^[ab]$/))).toEqual(['{__name__="a", job="x"}', name('b')])
  })

  test('can be relabelled per metric; dropped series are scraped but not stored', async () => {
    const drop = {
      sourceLabels: ['__name__'],
      separator: ';',
      targetLabel: '',
      regex: 'b',
      modulus: 0,
      replacement: '$1',
      action: 'drop',
    } as const
    const h = await startHarness([job({ metricRelabelConfigs: [drop] })], { [WEB]: TWO })
    await h.scrape()
    await h.scrape()
    expect(h.samples(/^(b|scrape_samples.*)$/)).toEqual({
      [name('scrape_samples_scraped')]: '0:2 10:2',
      [name('scrape_samples_post_metric_relabeling')]: '0:1 10:1',
    })
  })
})

describe('limits fail the scrape', () => {
  const fails = (title: string, limits: Partial<ReturnType<typeof job>['limits']>, message: string, counter: string) =>
    test(title, async () => {
      const h = await startHarness([job({ limits: { ...job().limits, ...limits } })], { [WEB]: 'a 1\nbb{long_name="long value"} 2\nc 3\n' })
      await h.scrape()
      expect(h.scraper.targets().active[0]?.lastError).toBe(message)
      expect(h.samples(/^(up|a)$/)).toEqual({ [name('up')]: '0:0' })
      expect(await h.metric(counter)).toBe(1)
    })
  fails('on samples', { samplesMax: 2 }, 'sample limit exceeded', 'prometheus_target_scrapes_exceeded_sample_limit_total')
  fails('on bytes', { bodyBytesMax: 20 }, 'body size limit exceeded', 'prometheus_target_scrapes_exceeded_body_size_limit_total')
  const labels = 'prometheus_target_scrape_pool_exceeded_label_limits_total'
  fails('on labels', { labelsMax: 3 }, 'label_limit exceeded (metric: bb, number of labels: 4, limit: 3)', labels)
  fails(
    'on the length of names',
    { labelNameLengthMax: 8 },
    'label_name_length_limit exceeded (metric: bb, label name: long_name, length: 9, limit: 8)',
    labels,
  )
  fails(
    'on the length of values',
    { labelValueLengthMax: 8 },
    'label_value_length_limit exceeded (metric: bb, label name: long_name, value: "long value", length: 10, limit: 8)',
    labels,
  )

  test('on targets, for all of them', async () => {
    const discovery = [{ kind: 'static' as const, groups: [{ targets: ['web:8080', 'web:8081'], labels: {} }] }]
    const h = await startHarness([job({ discovery, limits: { ...job().limits, targetsMax: 1 } })], { [WEB]: TWO })
    await h.scrape()
    expect(h.scraper.targets().active.map(({ lastError }) => lastError)).toEqual(
      Array(2).fill('target_limit exceeded (number of targets: 2, limit: 1)'),
    )
    expect(h.targets.requests).toEqual([])
  })

  test('but not the sample after the limit that was dropped', async () => {
    const h = await startHarness([job({ limits: { ...job().limits, samplesMax: 3 } })], { [WEB]: 'a 1\nb 2\nc 3\n' })
    await h.scrape()
    await h.scrape()
    expect(h.samples(/^(up|c)$/)).toEqual({ [name('up')]: '0:1 10:1', [name('c')]: '0:3 10:3' })
  })
})

describe('targets', () => {
  test('are listed with all that the API says of them', async () => {
    const drop = {
      sourceLabels: ['__address__'],
      separator: ';',
      targetLabel: '',
      regex: 'db:.*',
      modulus: 0,
      replacement: '$1',
      action: 'drop',
    } as const
    const discovery = [{ kind: 'static' as const, groups: [{ targets: ['web:8080', 'db:9187'], labels: { env: 'test' } }] }]
    const h = await startHarness([job({ discovery, relabelConfigs: [drop] })], { [WEB]: TWO })
    expect(h.scraper.targets().active[0]).toMatchObject({ health: 'unknown', lastScrape: undefined })
    await h.scrape()
    const [active] = h.scraper.targets().active
    expect({ ...active, labels: active?.labels.toJSON(), discoveredLabels: active?.discoveredLabels.toJSON() }).toEqual({
      discoveredLabels: {
        __address__: 'web:8080',
        __metrics_path__: '/metrics',
        __scheme__: 'http',
        __scrape_interval__: '10s',
        __scrape_timeout__: '5s',
        env: 'test',
        job: 'web',
      },
      labels: { env: 'test', instance: 'web:8080', job: 'web' },
      scrapePool: 'web',
      scrapeUrl: WEB,
      lastError: '',
      lastScrape: expect.any(Number),
      lastScrapeDurationMs: 0,
      health: 'up',
      scrapeIntervalMs: 10_000,
      scrapeTimeoutMs: 5_000,
    })
    expect(h.scraper.targets().dropped.map(({ discoveredLabels }) => discoveredLabels.get('__address__'))).toEqual(['db:9187'])
    expect(h.scraper.scrapePools()).toEqual(['web'])
  })

  test('say what their metric families are, also in the store', async () => {
    const h = await startHarness([job()], { [WEB]: '# HELP a Some a.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n' })
    await h.scrape()
    expect(h.scraper.metadata()[0]?.families).toEqual([
      { metric: 'a', type: 'counter', help: 'Some a.', unit: '' },
      { metric: 'b', type: 'gauge', help: '', unit: '' },
    ])
    expect(h.store.metadata.get('a')).toEqual({ type: 'counter', help: 'Some a.', unit: '' })
    h.targets.answers.set(WEB, '# HELP a Another a.\n# TYPE a counter\na 1\n')
    await h.scrape()
    expect(h.store.metadata.get('a')?.help).toBe('Another a.')
    expect(h.scraper.metadata()[0]?.families).toHaveLength(2)
    for (let round = 0; round < 11; round++) await h.scrape()
    expect(h.scraper.metadata()[0]?.families.map(({ metric }) => metric)).toEqual(['a'])
  })
})

describe('time', () => {
  test('set back stops nothing and starts no burst', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    let back = 0
    const { now } = h.clock
    h.clock.now = () => now.call(h.clock) - back
    back = 3_600_000
    const before = h.targets.requests.length
    await h.clock.advance(50_000)
    expect(h.targets.requests.length - before).toBe(5)
  })

  test('slept through is not made up for', async () => {
    const h = await startHarness([job()], { [WEB]: 'a 1\n' })
    await h.scrape()
    let asleep = 0
    const { now, monotonic } = h.clock
    h.clock.now = () => now.call(h.clock) + asleep
    h.clock.monotonic = () => monotonic.call(h.clock) + asleep
    asleep = 3_600_000
    const before = h.targets.requests.length
    await h.clock.advance(30_000)
    expect(h.targets.requests.length - before).toBe(3)
  })

  test('that a store takes to answer does not delay scrapes', async () => {
    const slow = async (h: Harness) => h.samples(/^up$/)[name('up')]
    const waiting: (() => void)[] = []
    const h = await startHarness([job()], { [WEB]: 'a 1\n' }, (store) => ({
      appender() {
        const appender = store.appender()
        const commit = appender.commit.bind(appender)
        appender.commit = async () => {
          await new Promise<void>((resolve) => waiting.push(resolve))
          return commit()
        }
        return appender
      },
    }))
    void h.clock.sleep(1e9).catch(() => {})
    await h.clock.advance(30_000)
    expect(h.targets.requests).toHaveLength(3)
    expect(await h.metric('promlet_scrape_commits_pending')).toBe(3)
    for (const resolve of waiting) resolve()
    await h.clock.advance(0)
    expect(await slow(h)).toBe('0:1 10:1 20:1')
  })
})

test('a store that fails is counted, and the target goes on', async () => {
  let fails = true
  const h = await startHarness([job()], { [WEB]: '# TYPE a gauge\na 1\n' }, (store) => ({
    appender() {
      const appender = store.appender()
      const commit = appender.commit.bind(appender)
      appender.commit = () => (fails ? Promise.reject(new Error('disk full')) : commit())
      return appender
    },
  }))
  await h.scrape()
  expect(h.store.metadata.size).toBe(0)
  fails = false
  await h.scrape()
  expect(h.samples(/^a$/)).toEqual({ [name('a')]: '0:1' })
  expect(h.store.metadata.get('a')?.type).toBe('gauge')
  expect(await h.metric('promlet_scrape_commits_failed_total')).toBe(1)
})

test('series that the store refused as unknown are resolved again', async () => {
  let resolved: string[] = []
  let retired: readonly number[] = []
  const h = await startHarness([job()], { [WEB]: 'a 1\nb 1\n' }, (store) => ({
    appender() {
      const appender = store.appender()
      const series = appender.series.bind(appender)
      const commit = appender.commit.bind(appender)
      appender.series = (labels) => {
        resolved.push(labels.metricName)
        return series(labels)
      }
      appender.commit = async () => ({ ...(await commit()), retired })
      return appender
    },
  }))
  await h.scrape()
  resolved = []
  retired = [h.store.stored.findIndex(({ labels }) => labels.metricName === 'b')]
  await h.scrape()
  retired = []
  await h.scrape()
  expect(resolved.filter((name) => name === 'a' || name === 'b')).toEqual(['b'])
})

test('a scrape loses nothing to series that have left the store since the last one', async () => {
  const h = await startHarness([job()], { [WEB]: 'a 1\nb 1\n' })
  await h.scrape()
  const remove = (...names: string[]) => {
    for (const { labels } of [...h.store.stored]) if (names.includes(labels.metricName)) h.store.remove(labels)
  }
  remove('b', 'up')
  await h.scrape()
  expect(h.samples(/^(a|b|up)$/)).toEqual({ [name('a')]: '0:1 10:1', [name('b')]: '10:1', [name('up')]: '10:1' })
  remove('up')
  h.targets.answers.set(WEB, 'a 1\nup 7\n')
  await h.scrape()
  expect(h.samples(/^(b|up)$/)).toEqual({ [name('b')]: '10:1 20:stale', [name('up')]: '20:7' })
})
