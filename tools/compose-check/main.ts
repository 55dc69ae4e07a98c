// Runs the stack of docker-compose.yml for real and checks what it promises, a line each. Exits with 1 when a line fails.
//   node_modules/.bin/node tools/compose-check/main.ts

import { until } from '../../e2e/peer.ts'
import { type Compose, prepareCompose } from './compose.ts'
import { startLoad } from './load.ts'
import { query, storedTimes } from './stored.ts'

const SERVICES = ['scraper', 'tsdb', 'rule-engine', 'pushgateway', 'online-service', 'pipeline', 'batch-job']
const SCRAPE_INTERVAL_MS = 5_000

type Line = readonly [what: string, check: (compose: Compose) => Promise<void>]

const lines: readonly Line[] = [
  ['all services are built, start and become healthy', start],
  ['the page and its script are served', pageIsServed],
  ['series of all three examples can be queried', examplesAreThere],
  ['an alert fires after the online service was switched to errors', alertFires],
  ['SIGHUP makes the scraper take an edited config', hupReloads],
  ['POST /-/reload makes the scraper take an edited config, and refuse a wrong one', postReloads],
  ['what was stored is there after down and up', survivesDown],
  ['killed under load, tsdb loses nothing acknowledged, and the senders catch up', survivesKill],
]

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  say(`FAILED  ${describe(error)}`)
  process.exitCode = 1
}

async function main(): Promise<boolean> {
  await using compose = await prepareCompose()
  say('building and starting')
  let passes = 0
  let failures = 0
  for (const [what, check] of lines) {
    const started = performance.now()
    try {
      await check(compose)
      passes++
      say(`ok      ${what} (${Math.round((performance.now() - started) / 1000)} s)`)
    } catch (error) {
      failures++
      say(`FAILED  ${what}: ${describe(error)}`)
      // What did not start cannot keep any of the other promises.
      if (check === start) break
    }
  }
  if (failures > 0) say(await compose.command('logs', '--no-color', '--tail', '40'))
  say(`${passes} passed, ${failures} failed`)
  return failures === 0
}

async function start(compose: Compose): Promise<void> {
  await compose.command('up', '-d', '--build')
  await becomeHealthy(compose)
}

async function becomeHealthy(compose: Compose): Promise<void> {
  let seen = ''
  const check = async () => {
    const health = await compose.health()
    seen = [...health].map(([service, state]) => `${service} ${state}`).join(', ')
    return SERVICES.every((service) => health.get(service) === 'healthy')
  }
  await until(check, 'all services to be healthy', 180_000).catch((cause) => {
    throw new Error(`not healthy: ${seen}`, { cause })
  })
}

async function pageIsServed({ url, pushgatewayUrl }: Compose): Promise<void> {
  const page = await getText(`${url}/query`)
  const script = /<script[^>]* src="([^"]+)"/.exec(page)?.[1]
  if (script === undefined) throw new Error(`no script in the page: ${page.slice(0, 200)}`)
  if ((await getText(new URL(script, `${url}/query`).href)).length < 1_000) throw new Error('the script is too short')
  if (!(await getText(pushgatewayUrl)).includes('Pushgateway')) throw new Error('the Pushgateway shows no page')
}

async function examplesAreThere({ url }: Compose): Promise<void> {
  const exprs = [
    'shop_http_requests_total',
    'shop_client_requests_total',
    'pipeline_items_out_total',
    'report_job_last_success_timestamp_seconds{job="report"}',
    'job_handler:shop_http_requests:rate1m',
    'job_stage:pipeline_items_out:rate1m',
    'job:report_job_last_success_timestamp_seconds:age',
  ]
  for (const expr of exprs) await until(async () => (await query(url, expr)).length > 0, `series of ${expr}`, 60_000)
  await until(async () => (await query(url, 'up == 0')).length === 0, 'no target to be down', 60_000)
  const targets = await getJson(`${url}/api/v1/targets`)
  const up = targets.data.activeTargets.filter(({ health }: { health: string }) => health === 'up').length
  if (up < 6) throw new Error(`/api/v1/targets of tsdb tells of ${up} targets that are up`)
}

async function alertFires(compose: Compose): Promise<void> {
  const alert = 'ShopAnswersWithErrors'
  await switchShop(compose, 'errors=0.9')
  await until(
    async () => (await query(compose.url, `ALERTS{alertname="${alert}",alertstate="firing"}`)).length > 0,
    `${alert} to fire`,
    120_000,
  )
  const { data } = await getJson(`${compose.url}/api/v1/alerts`)
  const isTold = data.alerts.some(
    (one: { labels: { alertname: string }; state: string }) => one.labels.alertname === alert && one.state === 'firing',
  )
  if (!isTold) throw new Error('/api/v1/alerts of tsdb does not tell of it')
  await switchShop(compose, 'errors=0')
}

async function switchShop(compose: Compose, params: string): Promise<void> {
  await compose.node('online-service', `await fetch('http://127.0.0.1:8080/switch?${params}', { method: 'POST' })`)
}

async function hupReloads(compose: Compose): Promise<void> {
  addJob(compose, 'added-before-hup')
  await compose.command('kill', '-s', 'HUP', 'scraper')
  await jobIsUp(compose, 'added-before-hup')
}

async function postReloads(compose: Compose): Promise<void> {
  addJob(compose, 'added-before-post')
  // From the container of another service, so inside the network.
  const post = () =>
    compose.node(
      'tsdb',
      `const { status } = await fetch('http://scraper:9090/-/reload', { method: 'POST' }); process.stdout.write(String(status))`,
    )
  expectEqual(await post(), '200', 'status of the reload')
  await jobIsUp(compose, 'added-before-post')
  compose.edit('scraper/prometheus.yml', (text) => `${text}\nscrape_confgs: []\n`)
  expectEqual(await post(), '500', 'status of the reload of a wrong file')
  compose.edit('scraper/prometheus.yml', (text) => text.replace('\nscrape_confgs: []\n', ''))
  await jobIsUp(compose, 'added-before-post')
}

/** Scrapes the pipeline once more, under another job name. */
function addJob(compose: Compose, name: string): void {
  const job = `scrape_configs:\n  - job_name: ${name}\n    static_configs:\n      - targets: ['pipeline:8081']\n`
  compose.edit('scraper/prometheus.yml', (text) => text.replace('scrape_configs:\n', job))
}

async function jobIsUp({ url }: Compose, name: string): Promise<void> {
  await until(async () => (await query(url, `up{job="${name}"} == 1`)).length === 1, `${name} to be scraped`, 60_000)
}

async function survivesDown(compose: Compose): Promise<void> {
  const { url, pushgatewayUrl } = compose
  const marker = 'compose_check_marker'
  await fetch(`${pushgatewayUrl}/metrics/job/compose-check`, { method: 'POST', body: `${marker} 42\n` })
  const at = Date.now() - 2 * SCRAPE_INTERVAL_MS
  const expr = 'sum(shop_http_requests_total) + sum(pipeline_items_out_total)'
  const [before] = await query(url, expr, at)
  if (before === undefined) throw new Error('there is nothing to compare')
  await compose.command('down')
  await compose.command('up', '-d')
  await becomeHealthy(compose)
  expectEqual((await query(url, expr, at))[0]?.value, before.value, `${expr} of before`)
  if (!(await getText(`${pushgatewayUrl}/metrics`)).includes(`${marker}{`)) throw new Error('the Pushgateway lost what was pushed')
}

async function survivesKill(compose: Compose): Promise<void> {
  const { url } = compose
  const started = Date.now()
  const load = startLoad(url)
  await until(() => load.acknowledged() > 200, 'a load of writes', 60_000)
  // The last one is long enough for two scrapes and rule evaluations to wait in the senders' queues.
  for (const outageMs of [500, 1_000, 2.5 * SCRAPE_INTERVAL_MS]) {
    await compose.command('kill', '-s', 'KILL', 'tsdb')
    await new Promise((resolve) => setTimeout(resolve, outageMs))
    const before = load.acknowledged()
    await compose.command('start', 'tsdb')
    await until(() => load.acknowledged() > before + 200, 'writes after the restart', 60_000)
  }
  await load.stop()

  const lost = await load.findLost()
  if (lost > 0) throw new Error(`${lost} of ${load.acknowledged()} acknowledged writes are lost`)
  await becomeHealthy(compose)
  for (const series of ['up{job="pipeline"}', 'job:up:avg{job="pipeline"}']) {
    await until(async () => (await query(url, `time() - timestamp(${series}) < 12`)).length > 0, `${series} to be up to date`, 60_000)
  }
  const seconds = Math.ceil((Date.now() - started) / 1000)
  for (const { metric, times } of await storedTimes(url, `up{job=~"pipeline|online-service"}[${seconds}s]`)) {
    const gap = Math.max(...times.map((time, index) => time - (times[index - 1] ?? started)))
    if (gap > 1.5 * SCRAPE_INTERVAL_MS) throw new Error(`${metric['job']} has a gap of ${gap} ms: its scrapes were not sent later`)
  }
  const failed = await query(url, 'sum({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total"})')
  expectEqual(failed[0]?.value, 0, 'samples that the senders gave up')
}

async function getText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return await response.text()
}

async function getJson(url: string) {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  return await response.json()
}

function expectEqual(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} (${describe(error.cause)})`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
