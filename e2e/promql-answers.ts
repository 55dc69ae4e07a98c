// What the engine answers to a few queries over a store in memory, as one text. It runs in Node and in a browser, so it
// imports nothing of either.

import { Labels } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createEngine, explanationText, type PromqlEngine, runScript, writeAnswerJson } from '@promlet/promql'

const SECOND = 1000
const END = 1800 * SECOND

export const QUERIES: readonly string[] = [
  'sum by (job) (rate(http_requests_total{code=~"5..|2(00|04)"}[5m]))',
  'topk(2, http_requests_total)',
  'histogram_quantile(0.9, sum by (le) (rate(http_seconds_bucket[5m])))',
  'histogram_quantile(0.5, latency)',
  'label_replace(http_requests_total, "host", "$1", "instance", "(.+):.*")',
  'max_over_time(rate(http_requests_total[1m])[10m:1m] offset 2m)',
  'http_requests_total / on (job, instance) group_left {"größe.total"}',
  'http_requests_total @ end() - http_requests_total @ start()',
  'day_of_week() + hour() + time() % 7',
  'count_values("value", round(http_requests_total, 1000))',
  'absent(nothing{job="web"})',
  'sum(http_requests_total) without',
  'http_requests_total * on (job) http_requests_total',
]

const SCRIPT = `
load 1m
  up{job="node"} 1 0 stale
  latency {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x2

eval instant at 1m up + 1
  {job="node"} 1

eval instant at 2m up
  expect no_warn

eval range from 0 to 2m step 1m histogram_count(latency)
  {} 4 4 4
`

/** One line per query and way of asking. */
export async function answers(): Promise<string> {
  const clock = new VirtualClock()
  const engine = createEngine({ queryable: await filledStore(), clock })
  const lines: string[] = []
  for (const query of QUERIES) {
    lines.push(`instant ${query}: ${await answerTo(() => engine.instant(query, END - 7 * SECOND))}`)
    lines.push(`range ${query}: ${await answerTo(() => engine.range(query, 600 * SECOND, END, 61 * SECOND))}`)
  }
  lines.push(explanationText(await engine.explain('sum(http_request_total)', { at: END })))
  const reports = await runScript(SCRIPT, { file: 'browser.test', openStorage: () => new MemoryStore(), clock })
  lines.push(JSON.stringify(reports))
  return lines.join('\n')
}

async function answerTo(ask: () => ReturnType<PromqlEngine['instant']>): Promise<string> {
  try {
    const answer = await ask()
    return `${writeAnswerJson(answer)} ${JSON.stringify([answer.warnings, answer.infos])}`
  } catch (error) {
    return String(error)
  }
}

async function filledStore(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const [index, instance] of ['web-1:80', 'web-2:80', 'db:5432'].entries()) {
    const job = instance.startsWith('web') ? 'web' : 'db'
    const requests = appender.series(Labels.of({ __name__: 'http_requests_total', job, instance, code: index === 1 ? '503' : '200' }))
    const size = appender.series(Labels.of({ __name__: 'größe.total', job, instance }))
    const bounds = ['0.1', '0.5', '+Inf'].map((le) => appender.series(Labels.of({ __name__: 'http_seconds_bucket', job, instance, le })))
    const latency = appender.series(Labels.of({ __name__: 'latency', job, instance }))
    for (let step = 0; step * 15 * SECOND < END; step++) {
      const at = step * 15 * SECOND + index * 137
      appender.append(requests, at, step * (index + 3) - (step > 60 ? 150 : 0))
      appender.append(size, at, Math.sqrt(step + 1))
      for (const [bucket, ref] of bounds.entries()) appender.append(ref, at, step * (bucket + 1))
      const count = 3 * (step + 1)
      appender.appendHistogram(latency, at, {
        schema: 0,
        count,
        sum: count * 1.7,
        zeroCount: 0,
        zeroThreshold: 0.001,
        positiveSpans: [{ offset: 0, length: 3 }],
        positiveBuckets: Float64Array.of(step + 1, step + 1, step + 1),
        negativeSpans: [],
        negativeBuckets: new Float64Array(0),
        counterResetHint: 'unknown',
        float: false,
      })
    }
  }
  await appender.commit()
  return store
}
