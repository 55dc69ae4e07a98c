import type { Explanation } from '@promlet/promql'
import { describe, expect, test } from 'vitest'
import { START, startLab } from '../../test/lab.ts'

const config = `
global:
  scrape_interval: 15s
scrape_configs:
  - job_name: shop
    static_configs: [{targets: ['shop:8080']}]
`
const targets = { 'http://shop:8080/metrics': 'orders_total{item="tea"} 3\norders_total{item="cup"} 4\n' }

describe('/api/v1/explain', () => {
  const explain = async (query: Record<string, string>) => {
    await using lab = await startLab({ config, targets })
    await lab.clock.advance(60_000)
    return JSON.parse((await lab.get(`/api/v1/explain?${new URLSearchParams(query)}`)).body)
  }

  test('gives the tree of an instant query, marked as no part of Prometheus', async () => {
    const { status, data } = (await explain({ query: 'sum(orders_total)' })) as { status: string; data: Explanation }
    expect(status).toBe('success')
    expect(data).toMatchObject({ extension: 'promlet', resultType: 'vector', step: 0, empty: [] })
    expect(data.tree).toMatchObject({ kind: 'aggregation', input: { series: 2, samples: 2 }, output: { series: 1, samples: 1 } })
    expect(data.tree.children[0]).toMatchObject({ text: 'orders_total', position: { start: 4, end: 16 } })
  })

  test('gives the tree of a range query', async () => {
    const start = START / 1000
    const { data } = await explain({ query: 'orders_total', start: `${start + 30}`, end: `${start + 60}`, step: '15' })
    expect(data).toMatchObject({ resultType: 'matrix', step: 15, tree: { steps: 3, output: { series: 2, samples: 6 } } })
  })

  test('says why an answer is empty', async () => {
    const { data } = await explain({ query: 'sum(rate(order_total[1m]))' })
    expect(data.empty).toMatchObject([{ code: 'no-such-metric', didYouMean: ['orders_total'], position: { start: 9, end: 20 } }])
  })

  test('refuses what the query paths refuse', async () => {
    expect(await explain({ query: 'sum(' })).toMatchObject({ status: 'error', errorType: 'bad_data' })
    expect(await explain({ query: 'up', start: '0', end: '1' })).toMatchObject({ error: expect.stringContaining('"step"') })
  })
})
