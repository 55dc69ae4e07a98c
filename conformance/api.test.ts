// The recorded exchanges of a real Prometheus, asked of the stack in process: the data of compliance/dataset in the
// store, and the configuration of api/setup with its targets. How answers are compared says api-answer.ts, where 3.14
// differs from the recorded 2.42 says api-versions.ts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePrometheusConfig, parseRuleFile } from '@promlet/config'
import { HttpError, type HttpRequest } from '@promlet/http'
import { type DurationMs, Labels } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { ruleChecks } from '@promlet/rule-engine'
import { defaultSettings, type Stack, type StackSettings, startStack } from '@promlet/server'
import { silentLogger } from '@promlet/telemetry'
import { FakeNetwork } from '@promlet/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Answer, differences } from './api-answer.ts'
import { versionDifferences } from './api-versions.ts'
import { conformanceJson, conformanceText, hasConformance } from './data.ts'

interface Exchange {
  readonly note?: string
  readonly wait_seconds?: number
  readonly request?: RecordedRequest
  readonly response?: Answer
}

interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly body_b64?: string
}

/** When the exchanges were recorded. */
const NOW = 1_795_375_530_000
const SECOND = 1000

/** Requests that are compared otherwise, in tests of their own below. */
const ASKED_BELOW = ['GET /api/v1/status/config', 'GET /api/v1/status/flags', 'GET /api/v1/status/runtimeinfo', 'GET /api/v1/status/tsdb']

describe.skipIf(!hasConformance)('recorded answers of Prometheus', () => {
  const used = new Set<string>()
  describe('with the admin API and lifecycle off', () => replay('api/prometheus.json', false, used))
  describe('with the admin API, lifecycle and the remote write receiver on', () => replay('api/prometheus_admin.json', true, used))
  describe('of status', () => testStatus())
  test('every difference of versions belongs to an exchange', () => {
    expect(versionDifferences.flatMap(({ requests }) => requests).filter((request) => !used.has(request))).toEqual([])
  })
})

function replay(file: string, isAdmin: boolean, used: Set<string>): void {
  const exchanges = hasConformance ? conformanceJson<Exchange[]>(file) : []
  let stack: Stack
  beforeAll(async () => {
    const clock = new TickingClock(NOW - 60 * SECOND)
    // Snapshots go to the folder of the store.
    const folder = mkdtempSync(join(tmpdir(), 'promlet-api-'))
    stack = await startRecorded(clock, isAdmin, isAdmin ? folder : ':memory:')
    if (!isAdmin) await loadDataset(stack)
    await clock.advance(60 * SECOND)
    return async () => {
      await stack.close()
      rmSync(folder, { recursive: true })
    }
  })
  for (const { note, request, response } of exchanges) {
    // Waits were for scrapes, which have all come by now.
    if (request === undefined || response === undefined) continue
    const name = [request.method, request.path, request.body, note].filter((part) => part !== undefined).join(' ')
    if (ASKED_BELOW.includes(name)) continue
    test(name, async () => {
      expect(differences(await ask(stack, request), expectedAnswer(name, response, used))).toEqual([])
    })
  }
}

function expectedAnswer(name: string, recorded: Answer, used: Set<string>): Answer {
  let expected = recorded
  for (const { requests, expected: change } of versionDifferences) {
    const request = requests.find((request) => isRequest(name, request))
    if (request === undefined) continue
    used.add(request)
    expected = change(expected)
  }
  return expected
}

/** A request stands also for those that go on with further parameters or a note. */
function isRequest(name: string, request: string): boolean {
  return name === request || (request.includes('?') && name.startsWith(`${request}&`)) || name.startsWith(`${request} `)
}

async function ask(stack: Stack, { method, path, headers = {}, body, body_b64 }: RecordedRequest): Promise<Answer> {
  const payload = body_b64 === undefined ? body : Buffer.from(body_b64, 'base64')
  const asked = { method: method as 'GET', url: path, headers, ...(payload === undefined ? {} : { payload }) }
  const answer = await stack.app?.inject(asked)
  if (answer === undefined) throw new Error('the stack has no API')
  const given = { status: answer.statusCode, headers: answer.headers as Record<string, string>, body: answer.body }
  return isJson(answer.body) ? { ...given, json: JSON.parse(answer.body) } : given
}

function isJson(text: string): boolean {
  return text.startsWith('{')
}

/** Every look at it takes a little time, so that a query can be too slow. */
class TickingClock extends VirtualClock {
  #looks = 0
  override monotonic(): DurationMs {
    return super.monotonic() + this.#looks++
  }
}

function startRecorded(clock: VirtualClock, isAdmin: boolean, path: string): Promise<Stack> {
  const exposition = { status: 200, body: conformanceText('api/setup/exposition.txt'), headers: { 'content-type': OPENMETRICS } }
  const config = parsePrometheusConfig(conformanceText('api/setup/prometheus.yml'), { file: 'prometheus.yml' })
  const rules = parseRuleFile(conformanceText('api/setup/example.yml'), { file: 'rules/example.yml', ...ruleChecks })
  const settings: StackSettings = {
    ...defaultSettings,
    components: new Set(['scraper', 'tsdb', 'rule-engine']),
    version: 'test',
    web: {
      ...defaultSettings.web,
      externalUrl: 'http://localhost:9090',
      enableAdminApi: isAdmin,
      enableLifecycle: isAdmin,
      enableRemoteWriteReceiver: isAdmin,
    },
    storage: { ...defaultSettings.storage, path, retentionTimeMs: 100 * 365 * 86_400 * SECOND },
    flags: { 'query.timeout': '2m', 'config.file': 'prometheus.yml' },
  }
  return startStack(settings, {
    clock,
    logger: silentLogger,
    httpClient: new FakeNetwork({ 'localhost:8080': exposition, 'localhost:8081': refuse }).clients,
    // Prometheus names a rule file as the configuration does, Promlet by its whole path.
    config: { ...config, ruleFiles: [{ ...rules, path: 'rules/example.yml' }] },
  })
}

function refuse({ url }: HttpRequest): never {
  throw new HttpError('connect', `Get "${url}": dial tcp 127.0.0.1:8081: connect: connection refused`)
}

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

interface DatasetSeries {
  readonly labels: Record<string, string>
  readonly timestamps_ms: readonly number[]
  readonly values: readonly (number | string)[]
}

/** Into blocks, where the recorded server had it too: labels are told of a range as far as blocks lie in it. */
async function loadDataset({ live: { store } }: Stack): Promise<void> {
  if (store === undefined) throw new Error('the stack has no store')
  const lines = conformanceText('compliance/dataset/demo.jsonl.gz').split('\n')
  await using appender = store.appender()
  for (const line of lines.filter((line) => line !== '')) {
    const { labels, timestamps_ms, values }: DatasetSeries = JSON.parse(line)
    const ref = appender.series(Labels.of(labels))
    for (const [index, at] of timestamps_ms.entries()) appender.append(ref, at, toNumber(values[index]))
  }
  await appender.commit()
  await store.compactNow()
}

function toNumber(value: number | string | undefined): number {
  return value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value)
}

/** What is of the running server itself: compared as far as it can be. */
function testStatus(): void {
  const recorded = (path: string) => {
    const exchanges = hasConformance ? conformanceJson<Exchange[]>('api/prometheus.json') : []
    return (
      (exchanges.find(({ request }) => request?.path === path)?.response?.json as { data: Record<string, unknown> } | undefined)?.data ?? {}
    )
  }
  let stack: Stack
  const given = async (path: string) => ((await ask(stack, { method: 'GET', path })).json as { data: Record<string, unknown> }).data
  beforeAll(async () => {
    const clock = new TickingClock(NOW - 60 * SECOND)
    stack = await startRecorded(clock, false, ':memory:')
    await clock.advance(60 * SECOND)
    return () => stack.close()
  })

  test('the configuration that is shown is the recorded one, with the defaults of 3.x', async () => {
    const path = '/api/v1/status/config'
    const read = (yaml: unknown) => parsePrometheusConfig(String(yaml), { file: 'prometheus.yml' })
    const shown = await given(path)
    expect(Object.keys(shown)).toEqual(['yaml'])
    // The notes say which settings mean nothing here, as the recorded limit of exemplars.
    expect({ ...read(shown['yaml']), yaml: '', notes: [] }).toEqual({ ...read(recorded(path)['yaml']), yaml: '', notes: [] })
  })

  test('flags are texts by their names, in order of name', async () => {
    expect(Object.entries(await given('/api/v1/status/flags'))).toEqual([
      ['config.file', 'prometheus.yml'],
      ['query.timeout', '2m'],
    ])
  })

  test('the facts of the running process are those recorded and those that 3.x adds', async () => {
    const path = '/api/v1/status/runtimeinfo'
    const shown = await given(path)
    const added = ['GOMEMLIMIT', 'hostname', 'serverTime']
    expect(Object.keys(shown).sort()).toEqual([...Object.keys(recorded(path)), ...added].sort())
    expect(shown['storageRetention']).toBe(recorded(path)['storageRetention'])
    expect(shown['reloadConfigSuccess']).toBe(true)
  })

  test('the counts of the index are those of the recorded head, over the same targets', async () => {
    const path = '/api/v1/status/tsdb'
    const shown = (await given(path)) as unknown as Record<string, Count[]> & { headStats: Record<string, number> }
    const known = recorded(path) as unknown as typeof shown
    const { numSeries, numLabelPairs } = known.headStats
    expect(shown.headStats).toMatchObject({ numSeries, numLabelPairs })
    // Equal counts come in any order, and the list ends among them: so the counts alone are compared.
    const counts = (list: readonly Count[] | undefined) => list?.map(({ value }) => value)
    for (const list of ['seriesCountByMetricName', 'labelValueCountByLabelName', 'seriesCountByLabelValuePair']) {
      expect(counts(shown[list])).toEqual(counts(known[list]))
    }
    expect(Object.keys(shown)).toEqual(Object.keys(known))
  })
}

interface Count {
  readonly name: string
  readonly value: number
}
