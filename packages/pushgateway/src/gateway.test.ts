import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { systemClock } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { Pushgateway as Client, Counter, Registry, Summary } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type InjectedRequest, type Pushgateway, type PushgatewayOptions, startPushgateway } from './gateway.ts'

const T0 = 1_700_000_000_000
let folder: string
const open: Pushgateway[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pushgateway-'))
})
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
  rmSync(folder, { recursive: true })
})

async function start(options: Partial<PushgatewayOptions> = {}): Promise<Pushgateway> {
  const gateway = await startPushgateway({
    clock: new VirtualClock(T0),
    logger: silentLogger,
    registry: createRegistry(),
    version: '0.1.0',
    ...options,
  })
  open.push(gateway)
  return gateway
}

type Method = InjectedRequest['method']
async function ask(gateway: Pushgateway, method: Method, path: string, body?: string): Promise<{ status: number; text: string }> {
  const response = await gateway.inject({ method, path, ...(body !== undefined && { body }) })
  return { status: response.status, text: Buffer.from(response.body).toString() }
}

const exposed = async (gateway: Pushgateway, pattern: RegExp) =>
  (await ask(gateway, 'GET', '/metrics')).text.split('\n').filter((line) => pattern.test(line))

describe('clients of prom-client', () => {
  test('push, add and delete over a socket', async () => {
    const gateway = await start({ listenAddress: '127.0.0.1:0', clock: systemClock })
    const registry = new Registry()
    const rows = new Counter({ name: 'rows_total', help: 'Rows read.', registers: [registry] })
    new Summary({ name: 'stage_seconds', help: 'Per stage.', labelNames: ['stage'], percentiles: [0.5], registers: [registry] }).observe(
      { stage: 'a/b' },
      2,
    )
    const client = new Client(`http://127.0.0.1:${gateway.address?.port}`, {}, registry)
    rows.inc(12)
    await client.push({ jobName: 'nightly etl', groupings: { instance: 'db 1' } })
    expect(await exposed(gateway, /^(rows_total|stage_seconds)/)).toEqual([
      'rows_total{instance="db 1",job="nightly etl"} 12',
      'stage_seconds{instance="db 1",job="nightly etl",stage="a/b",quantile="0.5"} 2',
      'stage_seconds_sum{instance="db 1",job="nightly etl",stage="a/b"} 2',
      'stage_seconds_count{instance="db 1",job="nightly etl",stage="a/b"} 1',
    ])
    rows.inc()
    await client.pushAdd({ jobName: 'nightly etl', groupings: { instance: 'db 1' } })
    expect(await exposed(gateway, /^rows_total/)).toEqual(['rows_total{instance="db 1",job="nightly etl"} 13'])
    await client.delete({ jobName: 'nightly etl', groupings: { instance: 'db 1' } })
    expect(await exposed(gateway, /nightly/)).toEqual([])
  })

  test('push packed with gzip', async () => {
    const gateway = await start({ listenAddress: '127.0.0.1:0', clock: systemClock })
    const registry = new Registry()
    new Counter({ name: 'rows_total', help: 'Rows read.', registers: [registry] }).inc(3)
    const options = { headers: { 'Content-Encoding': 'gzip' } }
    await new Client(`http://127.0.0.1:${gateway.address?.port}`, options, registry).pushAdd({ jobName: 'etl' })
    expect(await exposed(gateway, /^rows_total/)).toEqual(['rows_total{instance="",job="etl"} 3'])
  })

  test('are told what is wrong', async () => {
    const gateway = await start({ listenAddress: '127.0.0.1:0', clock: systemClock })
    await ask(gateway, 'POST', '/metrics/job/a', '# TYPE rows_total gauge\nrows_total 1\n')
    const registry = new Registry()
    new Counter({ name: 'rows_total', help: 'Rows read.', registers: [registry] })
    const pushed = new Client(`http://127.0.0.1:${gateway.address?.port}`, {}, registry).push({ jobName: 'b' })
    await expect(pushed).rejects.toThrow(/status 400, pushed metrics are invalid or inconsistent .* is not a GAUGE/)
  })
})

describe('what was pushed', () => {
  const persistenceFile = () => join(folder, 'pushgateway.db')

  test('is there again after a stop and a start', async () => {
    const first = await start({ persistenceFile: persistenceFile() })
    await ask(
      first,
      'PUT',
      '/metrics/job/etl/zone@base64/=',
      '# HELP rows Rows \\\\ read.\n# TYPE rows gauge\nrows{stage="a\\nb"} NaN\nrows{stage="c"} 1e-7\n',
    )
    await ask(first, 'PUT', '/metrics/job/gone', 'rows 1\n# TYPE rows gauge\n')
    await ask(
      first,
      'PUT',
      '/metrics/job/other',
      '# TYPE took histogram\ntook_bucket{le="1"} 2\ntook_bucket{le="+Inf"} 4\ntook_sum 3\ntook_count 4\n',
    )
    await ask(first, 'DELETE', '/metrics/job/gone')
    const before = (await ask(first, 'GET', '/metrics')).text
    const api = (await ask(first, 'GET', '/api/v1/metrics')).text
    await first.close()

    const second = await start({ persistenceFile: persistenceFile() })
    const withoutOwn = (text: string) => text.split('\n').filter((line) => !line.includes('pushgateway_'))
    expect(withoutOwn((await ask(second, 'GET', '/metrics')).text)).toEqual(withoutOwn(before))
    expect(JSON.parse((await ask(second, 'GET', '/api/v1/metrics')).text)).toEqual(JSON.parse(api))
    expect((await ask(second, 'PUT', '/metrics/job/other', 'took_count 1\n')).status).toBe(200)
  })

  test('is written once per interval, groups that changed only', async () => {
    const clock = new VirtualClock(T0)
    const gateway = await start({ persistenceFile: persistenceFile(), persistenceIntervalMs: 60_000, clock })
    const keys = () => {
      const database = openDatabase({ path: persistenceFile(), readonly: true, migrations: [''] })
      const rows = database.prepare<[], { key: string }>('SELECT key FROM groups ORDER BY rowid').all()
      database.close()
      return rows.map(({ key }) => key)
    }
    await ask(gateway, 'PUT', '/metrics/job/a', 'rows 1\n')
    await ask(gateway, 'PUT', '/metrics/job/b', 'rows 1\n')
    await clock.advance(59_000)
    expect(keys()).toEqual([])
    await clock.advance(1_000)
    expect(keys()).toEqual(['["job","a"]', '["job","b"]'])
    // A row that is written again comes last.
    await ask(gateway, 'PUT', '/metrics/job/a', 'rows 2\n')
    await clock.advance(60_000)
    expect(keys()).toEqual(['["job","b"]', '["job","a"]'])
    await ask(gateway, 'DELETE', '/metrics/job/a')
    await clock.advance(60_000)
    expect(keys()).toEqual(['["job","b"]'])
  })

  test('is written later when the file could not be written at first', async () => {
    const clock = new VirtualClock(T0)
    const gateway = await start({ persistenceFile: persistenceFile(), persistenceIntervalMs: 1_000, clock })
    const database = openDatabase({ path: persistenceFile(), migrations: [''] })
    database.exec('ALTER TABLE groups RENAME TO hidden')
    await ask(gateway, 'PUT', '/metrics/job/a', 'rows 1\n')
    await clock.advance(1_000)
    expect(await exposed(gateway, /^pushgateway_persistence_failures_total/)).toEqual(['pushgateway_persistence_failures_total 1'])
    database.exec('ALTER TABLE hidden RENAME TO groups')
    await clock.advance(1_000)
    expect(database.prepare('SELECT count(*) AS rows FROM groups').get()).toEqual({ rows: 1 })
    database.close()
  })

  test('never goes into a file of the original, which stays as it is', async () => {
    const gob = Buffer.from('0c7f040102ff800001', 'hex')
    writeFileSync(persistenceFile(), gob)
    await expect(start({ persistenceFile: persistenceFile() })).rejects.toMatchObject({ name: 'PushgatewayError', code: 'persistence' })
    expect(readFileSync(persistenceFile())).toEqual(gob)
  })

  test('belongs to one process', async () => {
    await start({ persistenceFile: persistenceFile() })
    await expect(start({ persistenceFile: persistenceFile() })).rejects.toMatchObject({ name: 'DatabaseError', code: 'locked' })
  })
})

describe('without the consistency check', () => {
  test('everything is taken, and /metrics says what is wrong until it is gone', async () => {
    const gateway = await start({ disableConsistencyCheck: true })
    expect(await ask(gateway, 'POST', '/metrics/job/a', 'rows 1\n')).toEqual({ status: 202, text: '' })
    expect((await ask(gateway, 'GET', '/metrics')).status).toBe(200)
    expect((await ask(gateway, 'POST', '/metrics/job/b', '# TYPE rows counter\nrows 1\n')).status).toBe(202)
    const { status, text } = await ask(gateway, 'GET', '/metrics')
    expect(status).toBe(500)
    expect(text).toMatch(/^An error has occurred while serving metrics:\n\ncollected metric "rows" .* is not a UNTYPED\n$/)
    expect((await ask(gateway, 'GET', '/')).text).toContain('contradict each other')
    await ask(gateway, 'DELETE', '/metrics/job/b')
    expect((await ask(gateway, 'GET', '/metrics')).status).toBe(200)
  })

  test('timestamps are still refused, though nobody is told', async () => {
    const gateway = await start({ disableConsistencyCheck: true })
    expect((await ask(gateway, 'POST', '/metrics/job/a', 'rows 1 1700000000000\n')).status).toBe(202)
    expect(await exposed(gateway, /^(rows|push_f)/)).toEqual(['push_failure_time_seconds{instance="",job="a"} 1.7e+09'])
  })
})

describe('names', () => {
  test('outside the legacy scheme are refused by default', async () => {
    const gateway = await start()
    expect((await ask(gateway, 'POST', '/metrics/job/a', '{"rows.read"} 1\n')).status).toBe(400)
    expect((await ask(gateway, 'POST', '/metrics/job/a', 'rows{"the.stage"="x"} 1\n')).status).toBe(400)
  })

  test('may be any text with --push.enable-utf8-names', async () => {
    const gateway = await start({ enableUtf8Names: true, persistenceFile: join(folder, 'utf8.db') })
    const pushed = await ask(gateway, 'POST', '/metrics/job/a/U__the_2e_zone/eu', '{"rows.read","the.stage"="x"} 1\n')
    expect(pushed).toEqual({ status: 200, text: '' })
    const line = '{"rows.read",instance="",job="a","the.stage"="x","the.zone"="eu"} 1'
    expect(await exposed(gateway, /rows.read.*1/)).toEqual([line])
    await gateway.close()
    expect(await exposed(await start({ enableUtf8Names: true, persistenceFile: join(folder, 'utf8.db') }), /rows.read.*1/)).toEqual([line])
  })
})

describe('the server', () => {
  test('counts what it does under the names of the original', async () => {
    const gateway = await start({ enableAdminApi: true })
    await ask(gateway, 'POST', '/metrics/job/a', 'rows 1\n')
    await ask(gateway, 'POST', '/metrics/job/a', 'rows\n')
    await ask(gateway, 'PUT', '/metrics/job/b', 'rows 1\n')
    await ask(gateway, 'DELETE', '/metrics/job/b')
    await ask(gateway, 'GET', '/')
    expect((await exposed(gateway, /^pushgateway_http_requests_total/)).sort()).toEqual([
      'pushgateway_http_requests_total{handler="delete",code="202",method="delete"} 1',
      'pushgateway_http_requests_total{handler="push",code="200",method="post"} 1',
      'pushgateway_http_requests_total{handler="push",code="200",method="put"} 1',
      'pushgateway_http_requests_total{handler="push",code="400",method="post"} 1',
      'pushgateway_http_requests_total{handler="status",code="200",method="get"} 1',
    ])
    expect(await exposed(gateway, /^pushgateway_(groups|http_push_(size_bytes|duration_seconds)_count)/)).toEqual([
      'pushgateway_groups 1',
      'pushgateway_http_push_duration_seconds_count{method="post"} 2',
      'pushgateway_http_push_duration_seconds_count{method="put"} 1',
      'pushgateway_http_push_size_bytes_count{method="post"} 2',
      'pushgateway_http_push_size_bytes_count{method="put"} 1',
    ])
  })

  test('leads unclean paths to clean ones', async () => {
    const gateway = await start()
    const { status, headers } = await gateway.inject({ method: 'POST', path: '/metrics//job/a' })
    expect({ status, location: headers['location'] }).toEqual({ status: 301, location: '/metrics/job/a' })
  })

  test('shows groups on its page, and no markup of theirs', async () => {
    const gateway = await start({ flags: { 'web.listen-address': ':9091' } })
    expect((await ask(gateway, 'GET', '/')).text).toContain('Nothing has been pushed yet')
    await ask(gateway, 'POST', '/metrics/job/%3Cscript%3E/zone/a%22b', '# HELP rows <b>\nrows{s="</td>"} 1\n')
    const { text } = await ask(gateway, 'GET', '/status')
    expect(text).toContain('<span class="label">job="&lt;script&gt;"</span>')
    expect(text).toContain('data-delete="job/%3Cscript%3E/zone/a%22b"')
    expect(text).not.toContain('<b>')
    expect(text).not.toContain('s="</td>"')
    expect(text).toContain(':9091')
  })

  test('lives below a prefix', async () => {
    const gateway = await start({ routePrefix: '/push', telemetryPath: '/telemetry' })
    expect((await ask(gateway, 'POST', '/push/metrics/job/a', 'rows 1\n')).status).toBe(200)
    expect((await ask(gateway, 'GET', '/push/telemetry')).text).toContain('rows{instance="",job="a"} 1')
    expect((await ask(gateway, 'GET', '/push/metrics')).status).toBe(404)
    expect((await ask(gateway, 'POST', '/metrics/job/a', 'rows 1\n')).status).toBe(404)
    expect((await ask(gateway, 'GET', '/push/')).text).toContain('href="/push/')
  })

  test('bounds bodies, also packed ones', async () => {
    const gateway = await start()
    const body = gzipSync(Buffer.alloc(65 * 1024 * 1024, '\n'))
    const { status } = await gateway.inject({ method: 'POST', path: '/metrics/job/a', headers: { 'content-encoding': 'gzip' }, body })
    expect(status).toBe(413)
  })

  test('stops when asked to, if that is allowed', async () => {
    const { promise: asked, resolve: quit } = Promise.withResolvers<void>()
    const gateway = await start({ listenAddress: '127.0.0.1:0', enableLifecycle: true, clock: systemClock, onQuit: quit })
    const response = await fetch(`http://127.0.0.1:${gateway.address?.port}/-/quit`, { method: 'POST' })
    expect(await response.text()).toBe('Requesting termination... Goodbye!')
    await asked
    expect(gateway.ready()).toBe(true)
    await gateway.close()
    expect(gateway.ready()).toBe(false)
  })

  test('says that its port is taken, and lets go of its file', async () => {
    const { address } = await start({ listenAddress: '127.0.0.1:0', clock: systemClock })
    const persistenceFile = join(folder, 'pushgateway.db')
    const second = { listenAddress: `127.0.0.1:${address?.port}`, persistenceFile, clock: systemClock }
    await expect(start(second)).rejects.toMatchObject({ name: 'HttpServerError', code: 'address-in-use' })
    await start({ persistenceFile })
  })
})
