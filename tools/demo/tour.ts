import { until } from '../../e2e/peer.ts'
import { query } from '../compose-check/stored.ts'
import type { DemoStack } from './stack.ts'

/** A question with the unit of its answer. */
type Question = readonly [what: string, expr: string, unit: (value: number) => string]

const perSecond = (value: number) => `${value.toFixed(1)} per second`
const percent = (value: number) => `${(100 * value).toFixed(1)} %`
const duration = (value: number) => (value < 1 ? `${Math.round(1000 * value)} ms` : `${value.toFixed(1)} s`)
const count = (value: number) => String(value)

const questions: readonly Question[] = [
  ['Are the targets up?', 'up', (value) => (value === 1 ? 'up' : 'down')],
  ['How many requests does the shop answer?', 'sum by (handler) (rate(shop_http_requests_total[10s]))', perSecond],
  [
    'How many of them fail?',
    'sum(rate(shop_http_requests_total{code=~"5.."}[10s]) or vector(0)) / sum(rate(shop_http_requests_total[10s]))',
    percent,
  ],
  [
    'How long does it take, for nine in ten?',
    'histogram_quantile(0.9, sum by (le) (rate(shop_http_request_duration_seconds_bucket[10s])))',
    duration,
  ],
  ['How far behind is each stage of the pipeline?', 'time() - pipeline_last_processed_timestamp_seconds', duration],
  ['How many orders does it hold?', 'pipeline_items_in_progress', count],
  ['When did the batch job last succeed?', 'time() - report_job_last_success_timestamp_seconds', (value) => `${duration(value)} ago`],
]

const ALERT = 'ShopAnswersWithErrors'
const recorded: readonly Question[] = [
  ['Recorded by a rule, every second:', 'job:shop_http_request_errors:ratio_rate1m', percent],
  ['', 'job_handler:shop_http_request_duration_seconds:p90_rate1m', duration],
  ['The alert is a series too, 1 while it lasts:', `ALERTS{alertname="${ALERT}"}`, count],
]

/** Starts the stack and walks through it. @throws naming what did not come to be seen in time. */
export async function takeTour(stack: DemoStack, say: (text: string) => void): Promise<void> {
  say('Starting Promlet and three example services: a shop with customers, a pipeline, a batch job …')
  const { promlet, pushgateway, shop, pipeline } = await stack.start()
  const url = `http://127.0.0.1:${promlet}`
  say(`
  page and API     ${url}
  Pushgateway      http://127.0.0.1:${pushgateway}
  shop, pipeline   http://127.0.0.1:${shop}/metrics   http://127.0.0.1:${pipeline}/metrics

1. What Promlet knows after ten scrapes, a second apart
`)
  await settle(url)
  for (const question of questions) await show(url, question, say)

  const state = (name: string) => `ALERTS{alertname="${ALERT}",alertstate="${name}"}`
  const switchUrl = `http://127.0.0.1:${shop}/switch`
  say(`\n2. An alert: from now on the shop answers four in ten requests with an error\n`)
  say(`     curl -X POST '${switchUrl}?errors=0.4'`)
  await fetch(`${switchUrl}?errors=0.4`, { method: 'POST' })
  const switched = performance.now()
  const since = () => `${Math.round((performance.now() - switched) / 1000)} s later`
  await seen(url, state('pending'), 'the alert to be pending', 30_000)
  say(`   ${since()}: ${ALERT} is pending (more than 5 % of errors)`)
  await seen(url, state('firing'), 'the alert to fire', 40_000)
  say(`   ${since()}: ${ALERT} is firing (for 15 s); see ${url}/alerts\n`)
  for (const question of recorded) await show(url, question, say)

  await fetch(`${switchUrl}?errors=0`, { method: 'POST' })
  say(`\n3. The shop is well again; the alert ends within a minute, when the errors have left its window`)
  say(`\n     curl -X POST '${switchUrl}?errors=0'`)
}

/** Waits until the windows of the questions are full and everything that is asked has an answer. */
async function settle(url: string): Promise<void> {
  await seen(url, 'count_over_time(shop_http_requests_total[10s]) >= 10', 'ten scrapes of the shop', 30_000)
  for (const [, expr] of questions) await seen(url, expr, `an answer to ${expr}`, 30_000)
}

async function seen(url: string, expr: string, what: string, timeoutMs: number): Promise<void> {
  await until(async () => (await query(url, expr)).some(({ value }) => Number.isFinite(value)), what, timeoutMs)
}

async function show(url: string, [what, expr, unit]: Question, say: (text: string) => void): Promise<void> {
  if (what !== '') say(`   ${what}`)
  say(`     ${expr}`)
  for (const { metric, value } of await query(url, expr)) say(`       ${unit(value).padEnd(16)} ${labelsOf(metric)}`.trimEnd())
}

/** What tells the answers of one question apart. */
function labelsOf(metric: Readonly<Record<string, string>>): string {
  const shown = ['job', 'handler', 'stage', 'alertstate'].filter((name) => metric[name] !== undefined)
  return shown.map((name) => `${name}="${metric[name]}"`).join(' ')
}
