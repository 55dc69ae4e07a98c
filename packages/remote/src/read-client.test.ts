import type { HttpClient, HttpResponse } from '@promlet/http'
import { HttpError } from '@promlet/http'
import { Labels, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, writeMetrics } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { ReadClient } from './read-client.ts'
import { ReadResponse } from './read-response.ts'
import { createReaderMetrics } from './reader-metrics.ts'
import { encodeSnappy } from './snappy.ts'

const config = { url: 'http://tsdb:9090/api/v1/read', remoteTimeoutMs: 60_000 }
const selection = { matchers: [new Matcher('__name__', '=', 'up')], from: 0, to: 1000 }
const clock = new VirtualClock(0)

function clientOf(request: HttpClient['request']): HttpClient {
  return { request, close: async () => {} }
}

function answering(answer: Partial<HttpResponse>): ReadClient {
  const headers = { 'content-type': 'application/x-protobuf' }
  return new ReadClient({ config, clock, client: clientOf(async () => ({ status: 200, headers, body: new Uint8Array(), ...answer })) })
}

/** An answer with one result of the given series. */
function message(...series: readonly (readonly [instance: string, times: readonly number[]])[]): Uint8Array {
  const response = new ReadResponse()
  response.beginResult()
  for (const [instance, times] of series) {
    const columns = { times: Float64Array.from(times), values: Float64Array.from(times) }
    response.addSeries({ labels: Labels.of({ __name__: 'up', instance }), columns })
  }
  return encodeSnappy(Buffer.concat(Array.from(response.pieces(), (piece) => new Uint8Array(piece))))
}

describe('a client of remote read', () => {
  test('puts series in label order, and cuts off what was not asked for', async () => {
    const client = answering({ body: message(['b', [-1, 0, 1000, 1001]], ['a', [500]], ['c', [2000]]) })
    const [found = []] = await client.select([selection])
    expect(found.map(({ labels, times }) => [labels.get('instance'), ...times])).toEqual([
      ['a', 500],
      ['b', 0, 1000],
    ])
  })

  test('says what the server said when it refuses', async () => {
    const client = answering({ status: 404, body: Buffer.from('404 page not found\n') })
    await expect(client.select([selection])).rejects.toThrow(
      'remote server http://tsdb:9090/api/v1/read returned HTTP status 404 Not Found: 404 page not found',
    )
  })

  test('does not take something else for an answer', async () => {
    const page = answering({ headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>') })
    await expect(page.select([selection])).rejects.toThrow('unsupported content type: text/html')
    await expect(answering({ body: Buffer.from('x') }).select([selection])).rejects.toThrow('snappy: corrupt input')
    await expect(answering({ body: message(['a', []]) }).select([selection, selection])).rejects.toThrow('responses: want 2, got 1')
    const unordered = answering({ body: message(['a', [2, 1]]) })
    await expect(unordered.select([selection])).rejects.toThrow('samples of {__name__="up", instance="a"} are not in order of time')
  })

  test('says that the server cannot be reached', async () => {
    const client = clientOf(() => Promise.reject(new HttpError('connect', 'connection refused')))
    const failing = new ReadClient({ config, clock, client })
    await expect(failing.select([selection])).rejects.toMatchObject({
      code: 'unreachable',
      message: 'error sending request: connection refused',
    })
  })

  test('counts its requests by how they ended, and takes them out at its end', async () => {
    const registry = createRegistry()
    const metrics = createReaderMetrics(registry, 'lab', config.url)
    let status = 200
    const client = clientOf(async () => ({ status, headers: { 'content-type': 'application/x-protobuf' }, body: message(['a', [1]]) }))
    const reader = new ReadClient({ config, clock, client, metrics })
    await reader.select([selection])
    status = 500
    await expect(reader.select([selection])).rejects.toThrow('HTTP status 500')
    const labels = 'remote_name="lab",url="http://tsdb:9090/api/v1/read"'
    const text = await writeMetrics([registry])
    for (const code of [200, 500]) {
      expect(text).toContain(`prometheus_remote_storage_read_queries_total{${labels},response_type="sampled",code="${code}"} 1\n`)
    }
    expect(text).toContain(`prometheus_remote_storage_remote_read_queries{${labels}} 0\n`)
    expect(text).toContain(`prometheus_remote_storage_read_request_duration_seconds_count{${labels},response_type="sampled"} 2\n`)
    metrics.remove()
    expect(await writeMetrics([registry])).not.toContain('lab')
  })
})
