import { describe, expect, test } from 'vitest'
import { toGlobalUrl } from './global-url.ts'

describe('the URL of a target for others', () => {
  const own = { externalUrl: 'https://metrics.example.org/prometheus', listenAddress: '0.0.0.0:9090' }
  const is = (title: string, url: string, global: string) => test(title, () => expect(toGlobalUrl(url, own)).toBe(global))
  is('is the same on another host', 'http://shop:8080/metrics', 'http://shop:8080/metrics')
  is('has the external host for this machine', 'http://localhost:8080/metrics', 'http://metrics.example.org:8080/metrics')
  is('needs no port', 'https://127.0.0.1/metrics?a=b', 'https://metrics.example.org/metrics?a=b')
  is(
    'is the external one for the server itself',
    'http://127.0.0.1:9090/prometheus/metrics',
    'https://metrics.example.org/prometheus/metrics',
  )
  is('knows IPv6', 'http://[::1]:8080/metrics', 'http://metrics.example.org:8080/metrics')
})
