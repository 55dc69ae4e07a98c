// Replays what was asked of a real Pushgateway 1.5.1 and compares the answers: status, the recorded headers, and the
// body. Times, build facts and runtime figures are not compared.

import { systemClock } from '@promlet/model'
import { type Pushgateway, type PushgatewayOptions, startPushgateway } from '@promlet/pushgateway'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformanceJson, hasConformance } from './data.ts'

interface Exchange {
  readonly note?: string
  readonly request: {
    readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
    readonly path: string
    readonly headers?: Record<string, string>
    readonly body?: string
    readonly body_b64?: string
  }
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly json?: unknown
    readonly body?: string
    readonly body_lines_matching?: string
  }
}

/** By path: what is not compared, and why. */
const jsonNotCompared: Readonly<Record<string, string>> = {
  '/api/v1/status': 'flags, build and start time are those of the recorded process',
}

describe.skipIf(!hasConformance).each([
  { file: 'api/pushgateway.json', options: { enableAdminApi: true, enableLifecycle: true } },
  { file: 'api/pushgateway_plain.json', options: {} },
])('$file', ({ file, options }: { file: string; options: Partial<PushgatewayOptions> }) => {
  const exchanges = hasConformance ? conformanceJson<readonly Exchange[]>(file) : []
  let gateway: Pushgateway
  beforeAll(async () => {
    gateway = await startPushgateway({
      ...options,
      clock: systemClock,
      logger: silentLogger,
      registry: createRegistry(),
      version: '0.0.0',
      onQuit: () => {},
    })
  })
  afterAll(() => gateway.close())

  // The gateway keeps state: the order is part of the data.
  test.each(exchanges.map((exchange, index) => ({ ...exchange, title: titleOf(exchange, index) })))('$title', async (exchange) => {
    const { request, response } = exchange
    const body = request.body_b64 === undefined ? request.body : Buffer.from(request.body_b64, 'base64')
    const { method, path, headers } = request
    const answer = await gateway.inject({ method, path, ...(headers && { headers }), ...(body !== undefined && { body }) })
    const text = Buffer.from(answer.body).toString()
    expect({ status: answer.status, text: answer.status === response.status ? '' : text }).toEqual({ status: response.status, text: '' })
    const expected = Object.entries(response.headers)
    expect(Object.fromEntries(expected.map(([name]) => [name, answer.headers[name]]))).toEqual(Object.fromEntries(expected))
    if (response.json !== undefined) {
      if (jsonNotCompared[path] === undefined) expect(maskJson(JSON.parse(text))).toEqual(maskJson(response.json))
    } else {
      expect(maskText(text, response.body_lines_matching)).toBe(maskText(response.body ?? '', response.body_lines_matching))
    }
  })
})

function titleOf({ note, request }: Exchange, index: number): string {
  return `${index}: ${request.method} ${request.path}${note === undefined ? '' : ` (${note})`}`
}

/** Keeps the lines that were recorded, without the gateway's own figures, and with a mark in place of times. */
function maskText(text: string, pattern: string | undefined): string {
  if (pattern === undefined) return text
  const lines = text.split('\n').filter((line) => new RegExp(pattern).test(line) && !/^(# \w+ )?pushgateway_/.test(line))
  return lines.map((line) => line.replace(/^(push_(?:failure_)?time_seconds\{.*\}) [1-9].*$/, '$1 TIME')).join('\n')
}

/** Groups and keys have no order in the original. */
function maskJson(value: unknown): unknown {
  const masked = JSON.parse(JSON.stringify(value, (key, inner) => (key === 'time_stamp' || isTime(inner) ? 'TIME' : sortKeys(inner))))
  masked.data?.sort?.((left: unknown, right: unknown) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
  return masked
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && /^1\.\d+e\+09$/.test(value)
}

function sortKeys(value: unknown): unknown {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).sort()) : value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
