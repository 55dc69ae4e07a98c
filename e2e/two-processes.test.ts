import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort, until } from './peer.ts'
import { makeFolder, serve } from './promlet.ts'

test('scraper, rule engine and store in processes of their own, wired by remote write and the query API', async () => {
  using folder = makeFolder()
  const [scraperPort, rulesPort, tsdbPort] = [await freePort(), await freePort(), await freePort()]
  folder.write(
    'rules.yml',
    'groups: [{name: g, rules: [{record: "job:up:count", expr: "count by (job) (up)"}, {alert: Always, expr: "vector(1)"}]}]',
  )
  const file = folder.write(
    'prometheus.yml',
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
remote_write: [{url: 'http://127.0.0.1:${tsdbPort}/api/v1/write', queue_config: {batch_send_deadline: 100ms}}]
scrape_configs: [{job_name: scraper, static_configs: [{targets: ['127.0.0.1:${scraperPort}']}]}]
`,
  )
  const elsewhere = [`--scraper.url=http://127.0.0.1:${scraperPort}`, `--rule-engine.url=http://127.0.0.1:${rulesPort}`]
  const data = `--storage.tsdb.path=${join(folder.path, 'data')}`
  await using tsdb = await serve(['tsdb'], [data, '--web.enable-remote-write-receiver', ...elsewhere], tsdbPort)
  await using scraper = await serve(['scraper'], [`--config.file=${file}`, '--web.enable-lifecycle'], scraperPort)
  await using _rules = await serve(['rule-engine'], [`--config.file=${file}`, `--query.url=${tsdb.url}`], rulesPort)

  await until(async () => (await tsdb.value('up{job="scraper"}')) === 1, 'the scrape to arrive at the store')
  await until(async () => (await tsdb.value('job:up:count')) === 1, 'the recording rule to arrive at the store')
  await until(async () => (await tsdb.value('ALERTS{alertstate="firing"}')) === 1, 'the alert to arrive at the store')
  expect(await tsdb.api('targets')).toMatchObject({ activeTargets: [{ scrapePool: 'scraper', health: 'up' }] })
  expect(await tsdb.api('alerts')).toMatchObject({ alerts: [{ labels: { alertname: 'Always' }, state: 'firing' }] })
  expect(await tsdb.api('rules')).toMatchObject({ groups: [{ name: 'g', rules: [{ name: 'job:up:count' }, { name: 'Always' }] }] })

  process.kill(scraper.pid, 'SIGHUP')
  expect((await fetch(`${scraper.url}/-/reload`, { method: 'POST' })).status).toBe(200)
  expect(await scraper.stop('SIGTERM')).toBe(0)
})
