import { describe, expect, test } from 'vitest'
import { startTestStack } from './test-stack.ts'

const config = `
global:
  scrape_interval: 15s
  evaluation_interval: 15s
alerting:
  alertmanagers:
    - static_configs: [{targets: ['alertmanager:9093']}]
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ['shop:8080']}]
`
const rules = `
groups:
  - name: shop
    rules:
      - record: job:orders:rate1m
        expr: sum by (job) (rate(orders_total[1m]))
      - alert: ShopDown
        expr: up{job="shop"} == 0
        for: 5m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.instance }} is down'}
`

describe('the stack in a test', () => {
  test('scrapes a fake target, evaluates rules over it and answers queries, in virtual time', async () => {
    let orders = 0
    const target = () => {
      orders += 30
      return `orders_total ${orders}\n`
    }
    await using stack = await startTestStack({ config, rules, targets: { 'shop:8080': target } })
    await stack.advance('3m')
    expect(await stack.query('up')).toEqual([{ labels: { __name__: 'up', instance: 'shop:8080', job: 'shop' }, value: 1 }])
    expect(await stack.query('job:orders:rate1m')).toEqual([
      { labels: { __name__: 'job:orders:rate1m', job: 'shop' }, value: expect.closeTo(2, 9) },
    ])
  })

  test('an alert goes from pending to firing to resolved, and the Alertmanager hears of it', async () => {
    await using stack = await startTestStack({ config, rules, targets: { 'shop:8080': 'orders_total 1\n' } })
    await stack.advance('1m')
    stack.network.remove('shop:8080')
    await stack.advance('4m')
    expect(await stack.query('ALERTS')).toMatchObject([{ labels: { alertname: 'ShopDown', alertstate: 'pending' } }])
    expect(stack.notifications()).toEqual([])
    await stack.advance('2m')
    expect(await stack.query('ALERTS')).toMatchObject([{ labels: { alertname: 'ShopDown', alertstate: 'firing' } }])
    expect(stack.notifications()[0]).toMatchObject({
      labels: { alertname: 'ShopDown', severity: 'page' },
      annotations: { summary: 'shop:8080 is down' },
    })
    stack.network.set('shop:8080', 'orders_total 2\n')
    await stack.advance('1m')
    expect(await stack.query('ALERTS')).toEqual([])
    const last = stack.notifications().at(-1)
    expect(Date.parse(last?.endsAt ?? '')).toBeLessThanOrEqual(stack.clock.now())
  })

  test('a reload takes a new job over and leaves the others as they were', async () => {
    await using stack = await startTestStack({ config, targets: { 'shop:8080': 'orders_total 1\n', 'till:8080': 'sales_total 1\n' } })
    await stack.advance('1m')
    await stack.reload({ config: `${config}  - job_name: till\n    static_configs: [{targets: ['till:8080']}]\n` })
    await stack.advance('1m')
    expect(await stack.query('count(up == 1)')).toEqual([{ labels: {}, value: 2 }])
  })

  test('a configuration with mistakes changes nothing and names them all', async () => {
    await using stack = await startTestStack({ config, targets: { 'shop:8080': 'orders_total 1\n' } })
    const wrong = 'global: {scrape_interval: soon}\nscrape_configs: [{job_nam: x}]\n'
    await expect(stack.reload({ config: wrong })).rejects.toThrow(/soon[\s\S]*job_nam/)
    await stack.advance('1m')
    expect(await stack.query('up')).toMatchObject([{ value: 1 }])
  })

  test('remote write that comes and goes by reload leaves scraping and alerts at work, and each metric there once', async () => {
    await using stack = await startTestStack({ config, rules, targets: { 'shop:8080': 'orders_total 1\n', 'far:9090': { status: 204 } } })
    await stack.advance('1m')
    await stack.reload({ config: `${config}remote_write: [{url: 'http://far:9090/api/v1/write'}]\n`, rules })
    await stack.advance('1m')
    expect(await stack.query('up')).toMatchObject([{ value: 1 }])
    await stack.reload({ config, rules })
    await stack.advance('1m')
    expect(await stack.query('count_over_time(up[1m])')).toMatchObject([{ value: 4 }])
    const series = (await stack.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const names = series.map((line) => line.replace(/ \S+$/, ''))
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('the API answers in process', async () => {
    await using stack = await startTestStack({ config, targets: { 'shop:8080': 'orders_total 1\n' } })
    await stack.advance('1m')
    expect(await stack.api('/api/v1/targets')).toMatchObject({
      status: 'success',
      data: { activeTargets: [{ health: 'up', scrapePool: 'shop' }] },
    })
  })
})
