// The same requests to Debian's Pushgateway and to ours: statuses, texts and what is exposed in the end must be alike.

import { request } from 'node:http'
import { systemClock } from '@promlet/model'
import { type Pushgateway, startPushgateway } from '@promlet/pushgateway'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { conformanceBytes, hasConformance } from '../conformance/data.ts'
import { findPeer, freePort, type Running, run, untilOk } from './peer.ts'

const peer = findPeer('prometheus-pushgateway')

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly text: string
}

/** `fetch` follows redirects and cleans paths; this does neither. */
function ask(
  port: number,
  method: string,
  path: string,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, text }))
    })
    sent.on('error', reject).end(body)
  })
}

describe.skipIf(peer === undefined)('beside the original', () => {
  let original: Running
  let originalPort: number
  let ours: Pushgateway
  beforeAll(async () => {
    originalPort = await freePort()
    original = run(peer as string, [`--web.listen-address=127.0.0.1:${originalPort}`, '--persistence.file=', '--web.enable-admin-api'])
    ours = await startPushgateway({
      listenAddress: '127.0.0.1:0',
      enableAdminApi: true,
      clock: systemClock,
      logger: silentLogger,
      registry: createRegistry(),
      version: '0.0.0',
    })
    await untilOk(`http://127.0.0.1:${originalPort}/-/ready`)
  })
  afterAll(async () => {
    await ours?.close()
    await original?.stop()
  })
  beforeEach(() => both('PUT', '/api/v1/admin/wipe'))

  async function both(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<[Answer, Answer]> {
    return Promise.all([ask(originalPort, method, path, body, headers), ask(ours.address?.port as number, method, path, body, headers)])
  }

  /** Lines of pushed metrics, times masked. */
  async function exposed(): Promise<[string, string]> {
    const pushed = ({ text }: Answer) =>
      text
        .split('\n')
        .filter((line) => !/^(# \w+ )?(pushgateway_|go_|process_|promhttp_)/.test(line))
        .map((line) => line.replace(/^(push_(?:failure_)?time_seconds\{.*\}) [1-9].*$/, '$1 TIME'))
        .join('\n')
    const [theirs, mine] = await both('GET', '/metrics')
    return [pushed(theirs), pushed(mine)]
  }

  const alike = (method: string, path: string, body?: string, headers?: Record<string, string>) =>
    test(`${method} ${path} ${JSON.stringify(body ?? '')}`, async () => {
      const [theirs, mine] = await both(method, path, body, headers)
      expect(mine).toEqual(theirs)
      const [theirText, myText] = await exposed()
      expect(myText).toBe(theirText)
    })

  describe('paths', () => {
    const is = (path: string) => alike('POST', path, 'rows 1\n')
    is('/metrics/job/a/b/c%20d')
    is('/metrics/job/a/')
    is('/metrics/job/a/b/')
    is('/metrics/job/a/b//')
    is('/metrics//job/a')
    is('/metrics/job//b/c')
    is('/metrics/job/a/../b')
    is('/metrics/job/a/b/%2E')
    is('/metrics/job/%20')
    is('/metrics/job/a/job@base64/Yg')
    is('/metrics/job/a/@base64/Yg')
    is('/metrics/job/a/1x/y')
    is('/metrics/job@base64/YWJj%0AZGVm')
    is('/metrics/job/a/x@base64/w6TDtg')
    is('/metrics/job@base64/')
    is('/metrics/job@base64')
    is('/metrics/jobs/a')
    is('/metrics/job/a?x=y')
    // After a job that is not base64, the original's handler never answers again: one such push per method.
    is('/metrics/job@base64/YWJj!ZGVm')
    alike('PUT', '/metrics/job@base64/YWJjZ', 'rows 1\n')
  })

  describe('bodies', () => {
    const is = (body: string, headers?: Record<string, string>) => alike('POST', '/metrics/job/a', body, headers)
    is('# HELP rows Rows \\\\ and\\nlines.\n# TYPE rows gauge\nrows{path="C:\\\\x\\n\\"y\\""} +Inf\nrows -0\n')
    is('rows 1\nrows{a="1"} 2\nrows{a="1",b=""} 3\nrows{b="2"} 4\nbytes 0.000001\nmany 123456789\nlots 1e21\n')
    is('rows{job="x",instance="y"} 1\n')
    is('rows{__x="1"} 1\n')
    is('rows{ä="1"} 1\n')
    is('rows{a="\u00e4\t"} 1\nrows{a="\u00e4\t"} 2\n')
    is('# TYPE took summary\ntook{quantile="0.5"} NaN\ntook_sum 1e-7\ntook_count 12345678\ntook{quantile="0.5",a="1"} 4\n')
    is('# TYPE took histogram\ntook_bucket{le="0.1"} 1\ntook_sum 1\ntook_count 3\n')
    is('# TYPE took histogram\ntook_bucket{le="+Inf"} 1\n# TYPE took_count gauge\ntook_count 3\n')
    is('# TYPE rows gauge\n# TYPE rows gauge\nrows 1\n')
    is('# TYPE rows gauge\n')
    is('rows 1 1700000000000\n')
    is('rows 0x1p4\n')
    is('rows 1_000\n')
    is('rows ١\n')
    is('push_time_seconds 1\n# TYPE push_failure_time_seconds gauge\n')
    is('rows 1\nbytes 2\n', { 'content-encoding': 'gzip' })
    is('rows 1\n', { 'content-encoding': 'deflate' })
    is('garbage', { 'content-type': 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text' })
  })

  test('errors quote a metric alike, whatever is in it', async () => {
    const body = [
      '# TYPE took histogram\ntook_bucket{x="ä\\"\\\\\\n\t\u0001",le="0.1"} 1\ntook_bucket{x="ä\\"\\\\\\n\t\u0001",le="+Inf"} 2\ntook_sum{x="ä\\"\\\\\\n\t\u0001"} 1e7\ntook_count{x="ä\\"\\\\\\n\t\u0001"} 2\n',
      '# TYPE took summary\ntook{quantile="0.5"} -Inf\ntook_sum NaN\ntook_count 12345678\n',
      '# TYPE took counter\ntook 12345678.5\n',
    ]
    for (const [index, text] of body.entries()) {
      await both('PUT', '/api/v1/admin/wipe')
      await both('POST', '/metrics/job/a', 'took 1\n')
      // Which of the two types is the wrong one is left to chance in the original.
      let [theirs, mine] = await both('POST', `/metrics/job/b${index}`, text)
      for (let attempt = 0; attempt < 50 && theirs.text.includes('job" value:"a"'); attempt++) {
        ;[theirs, mine] = await both('POST', `/metrics/job/b${index}`, text)
      }
      expect(mine).toEqual(theirs)
    }
  })

  describe.skipIf(!hasConformance)('pushes of what real servers expose', () => {
    const own = /^(go_|process_|promhttp_|pushgateway_)/
    test.each(['alertmanager', 'node_exporter', 'prometheus', 'python_client'])('%s as text', async (name) => {
      const families = conformanceBytes(`exposition/real/${name}.txt`)
        .toString()
        .split(/(?=^# HELP )/m)
      // What both have themselves is exposed in their own words.
      const body = families.filter((family) => !own.test(family.slice('# HELP '.length))).join('')
      const [theirs, mine] = await both('PUT', `/metrics/job/${name}`, body)
      expect(mine).toEqual(theirs)
      const [theirText, myText] = await exposed()
      expect(myText).toBe(theirText)
    })
    test.each(['alertmanager', 'node_exporter', 'prometheus'])('%s as protobuf', async (name) => {
      const headers = {
        'content-type': 'application/vnd.google.protobuf; proto="io.prometheus.client.MetricFamily"; encoding=delimited',
      }
      const [theirs, mine] = await both('PUT', `/metrics/job/${name}`, conformanceBytes(`exposition/real/${name}.protobuf.bin`), headers)
      expect([theirs.status, mine.status]).toEqual([200, 200])
      const [theirText, myText] = await exposed()
      expect(myText).toBe(theirText)
    })
  })

  test('after many pushes at random the same is exposed', async () => {
    const random = seeded(20_240_229)
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
    for (let step = 0; step < 400; step++) {
      const path = `/metrics/job/${pick(['a', 'b'])}${pick(['', '/instance/x', '/zone/eu', '/zone/eu/instance/x', '/zone/'])}`
      const family = () => {
        const name = pick(['rows', 'took', 'took_count', 'took_sum'])
        const type = pick(['', '', '# TYPE NAME gauge\n', '# TYPE NAME summary\n', '# TYPE NAME histogram\n']).replace('NAME', name)
        const labels = pick(['', '{stage="a"}', '{stage="b"}', '{instance="x"}', '{zone="eu",instance="x"}'])
        return `${type}${name}${labels} ${Math.floor(random() * 5)}\n`
      }
      const method = pick(['POST', 'POST', 'POST', 'PUT', 'DELETE'])
      const body = method === 'DELETE' ? '' : Array.from({ length: 1 + Math.floor(random() * 2) }, family).join('')
      const [theirs, mine] = await both(method, path, body)
      expect({ step, path, body, ...mine }).toMatchObject({
        step,
        path,
        body,
        status: theirs.status,
        ...(theirs.status !== mine.status && { text: theirs.text }),
      })
      if (method === 'DELETE') await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const [theirs, mine] = await exposed()
    expect(mine).toBe(theirs)
  })
})

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
