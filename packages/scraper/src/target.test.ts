import { compileRelabel, Labels, type RelabelConfig, relabelDefaults } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { job } from '../test/harness.ts'
import { makeTarget } from './target.ts'
import { scrapeOffset } from './target-offset.ts'

function make(found: Record<string, string>, relabel: readonly Partial<RelabelConfig>[] = [], change = {}) {
  return makeTarget(Labels.of(found), job(change), compileRelabel(relabel.map((step) => ({ ...relabelDefaults, ...step }))))
}

function target(...args: Parameters<typeof make>) {
  const candidate = make(...args)
  if (candidate.kind !== 'target') throw new Error('dropped')
  return candidate.target
}

describe('making a target', () => {
  test('keeps the address as it is and takes it as the instance', () => {
    expect(target({ __address__: 'web' })).toMatchObject({ url: 'http://web/metrics', intervalMs: 10_000, timeoutMs: 5_000 })
    expect(target({ __address__: 'web' }).labels.toJSON()).toEqual({ instance: 'web', job: 'web' })
    expect(target({ __address__: '[::1]:9090', instance: 'self' }).labels.get('instance')).toBe('self')
  })

  test('lets labels say everything that the job says', () => {
    const labels = {
      __address__: 'web:443',
      __scheme__: 'https',
      __metrics_path__: '/a b',
      __param_x: '1*',
      __scrape_interval__: '1m',
      __scrape_timeout__: '30s',
      job: 'other',
    }
    const made = target(labels, [], { params: { x: ['0', '2'], y: ['~'] } })
    expect(made).toMatchObject({ url: 'https://web:443/a%20b?x=0&x=2&y=~', intervalMs: 60_000, timeoutMs: 30_000 })
    expect(made.labels.get('job')).toBe('other')
    expect(target(labels).url).toBe('https://web:443/a%20b?x=1%2A')
  })

  test('drops what relabelling drops, and keeps no meta labels', () => {
    expect(make({ __address__: 'db:1' }, [{ sourceLabels: ['__address__'], regex: 'db:.*', action: 'drop' }]).kind).toBe('dropped')
    const mapped = target({ __address__: 'db:1', __meta_role: 'db', __tmp: 'x' }, [{ action: 'labelmap', regex: '__meta_(.+)' }])
    expect(mapped.labels.toJSON()).toEqual({ instance: 'db:1', job: 'web', role: 'db' })
    expect(mapped.discoveredLabels.get('__meta_role')).toBe('db')
  })

  const refuses = (message: string, found: Record<string, string>) =>
    test(`refuses: ${message}`, () => expect(() => make(found)).toThrow(message))
  refuses('no address', { job: 'x' })
  refuses('"web/metrics" is not a valid hostname', { __address__: 'web/metrics' })
  refuses('error parsing scrape interval: not a valid duration string: "x"', { __address__: 'web', __scrape_interval__: 'x' })
  refuses('scrape interval cannot be 0', { __address__: 'web', __scrape_interval__: '0s' })
  refuses('scrape timeout cannot be 0', { __address__: 'web', __scrape_timeout__: '0' })
  refuses('scrape timeout cannot be greater than scrape interval ("20s" > "10s")', { __address__: 'web', __scrape_timeout__: '20s' })
})

test('targets spread evenly over the interval, and other seeds spread them otherwise', () => {
  const counts = new Array(10).fill(0)
  let moved = 0
  for (let index = 0; index < 5000; index++) {
    const identity = `http://10.0.${index % 7}.${index}:9100/metrics`
    const offset = scrapeOffset(identity, 'a', 15_000, 1_709_208_000_000 + index)
    counts[Math.floor(((1_709_208_000_000 + index + offset) % 15_000) / 1500)]++
    if (scrapeOffset(identity, 'b', 15_000, 1_709_208_000_000 + index) !== offset) moved++
  }
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100)
  expect(moved).toBeGreaterThan(4900)
})
