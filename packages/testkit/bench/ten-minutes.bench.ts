// How long ten virtual minutes take: a scrape every 5 s, a `for: 5m` alert that fires, and its notification.
// Run: node packages/testkit/bench/ten-minutes.bench.ts

import { startTestStack } from '@promlet/testkit'

const config = `
global: {scrape_interval: 5s, evaluation_interval: 5s}
alerting: {alertmanagers: [{static_configs: [{targets: ['alertmanager:9093']}]}]}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['shop:8080']}]}]
`
const rules = `
groups:
  - name: shop
    rules:
      - {record: 'job:orders:rate1m', expr: 'sum by (job) (rate(orders_total[1m]))'}
      - {alert: ShopFails, expr: 'shop_failing == 1', for: 5m, annotations: {summary: '{{ $labels.instance }} fails'}}
`

let orders = 0
const target = () => {
  orders += 10
  return `orders_total ${orders}\nshop_failing 1\n`
}

for (let round = 1; round <= 5; round++) {
  const started = performance.now()
  await using stack = await startTestStack({ config, rules, targets: { 'shop:8080': target } })
  await stack.advance('10m')
  const took = performance.now() - started
  const [scrapes] = await stack.query('count_over_time(up[10m])')
  const [alerts] = stack.notifications()
  if (alerts === undefined) throw new Error('the alert was not notified')
  console.log(
    `round ${round}: ${took.toFixed(0)} ms for 10 virtual minutes, ${scrapes?.value} scrapes, ${stack.notifications().length} notifications`,
  )
}
