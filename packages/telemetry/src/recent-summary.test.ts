import { VirtualClock } from '@promlet/model/testing'
import { expect, test } from 'vitest'
import { createRegistry, RecentSummary, writeMetrics } from './index.ts'

test('a summary of what was observed lately is told when the metrics are read', async () => {
  const registry = createRegistry()
  const options = { name: 'scrape_seconds', help: 'Of scrapes.', labelName: 'interval', quantiles: [0.5, 0.9], registry }
  const summary = new RecentSummary({ ...options, clock: new VirtualClock(0) })
  const often = summary.labels('1s')
  for (const seconds of [1, 2, 3, 4]) often.observe(seconds)
  summary.labels('1m0s').observe(60)
  expect(summary.labels('1s')).toBe(often)
  expect(await writeMetrics([registry])).toBe(`# HELP scrape_seconds Of scrapes.
# TYPE scrape_seconds summary
scrape_seconds{interval="1s",quantile="0.5"} 2
scrape_seconds{interval="1s",quantile="0.9"} 4
scrape_seconds_sum{interval="1s"} 10
scrape_seconds_count{interval="1s"} 4
scrape_seconds{interval="1m0s",quantile="0.5"} 60
scrape_seconds{interval="1m0s",quantile="0.9"} 60
scrape_seconds_sum{interval="1m0s"} 60
scrape_seconds_count{interval="1m0s"} 1
`)
})
