// /api/v1: the groups and their metrics, and what the gateway was started with, as JSON. Source: pushgateway api/v1/api.go.

import { formatFloatGo, type Sample } from '@promlet/exposition'
import type { FastifyInstance, FastifyReply } from '@promlet/http'
import type { Millis } from '@promlet/model'
import { type Group, type Groups, pushTimes } from './groups.ts'
import type { Intake } from './intake.ts'
import { countRequest, type PushgatewayMetrics } from './metrics.ts'
import type { GroupFamily, Series } from './series.ts'

export interface ApiOptions {
  readonly intake: Intake
  readonly metrics: PushgatewayMetrics
  readonly enableAdminApi: boolean
  readonly status: StatusFacts
}

/** What `/api/v1/status` and the page tell. */
export interface StatusFacts {
  readonly flags: Readonly<Record<string, string>>
  readonly build: Readonly<Record<string, string>>
  readonly startedAt: Millis
}

export function registerApi(app: FastifyInstance, { intake, metrics, enableAdminApi, status }: ApiOptions): void {
  app.get('/api/v1/status', { onResponse: countRequest(metrics, 'api/v1/status') }, async (_, reply) =>
    respond(reply, { build_information: status.build, flags: status.flags, start_time: formatTime(status.startedAt) }),
  )
  app.get('/api/v1/metrics', { onResponse: countRequest(metrics, 'api/v1/metrics') }, async (_, reply) =>
    respond(reply, groupsAsJson(intake.groups)),
  )
  const paths = ['/api/v1/status', '/api/v1/metrics', ...(enableAdminApi ? ['/api/v1/admin/wipe'] : [])]
  for (const path of paths) app.options(path, async (_, reply) => allowPages(reply).code(200).send())
  if (!enableAdminApi) return
  app.put('/api/v1/admin/wipe', { onResponse: countRequest(metrics, 'wipe') }, async (_, reply) => {
    intake.wipe()
    return reply.code(202).send()
  })
}

function respond(reply: FastifyReply, data: unknown): FastifyReply {
  // To a text, fastify would add the charset.
  const body = Buffer.from(JSON.stringify({ status: 'success', data }))
  return allowPages(reply).header('content-type', 'application/json').send(body)
}

function allowPages(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Date',
    'cache-control': 'no-cache, no-store, must-revalidate',
  })
}

function groupsAsJson(groups: Groups): unknown[] {
  return Array.from(groups.all(), groupAsJson)
}

function groupAsJson(group: Group): unknown {
  const { pushed, failed } = pushTimes(group)
  const families = [...group.families.values()].map((family) => [family.name, familyAsJson(family)])
  return {
    labels: Object.fromEntries(group.key.labels.map(({ name, value }) => [name, value])),
    last_push_successful: failed <= pushed,
    ...Object.fromEntries(families),
  }
}

function familyAsJson({ type, help, at, series }: GroupFamily): unknown {
  return {
    time_stamp: formatTime(at),
    type: type.toUpperCase(),
    ...(help !== undefined && help !== '' && { help }),
    metrics: series.map(seriesAsJson),
  }
}

function seriesAsJson({ labels, sample }: Series): unknown {
  return { ...sampleAsJson(sample), labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])) }
}

/** Numbers stand as text, as Go prints them. */
function sampleAsJson(sample: Sample): object {
  switch (sample.kind) {
    case 'value':
      return { value: formatFloatGo(sample.value) }
    case 'summary': {
      const quantiles = sample.quantiles.map(({ quantile, value }) => [formatFloatGo(quantile), formatFloatGo(value)])
      return { quantiles: Object.fromEntries(quantiles), count: String(sample.count), sum: formatFloatGo(sample.sum) }
    }
    case 'histogram': {
      const buckets = sample.buckets.map(({ upperBound, count }) => [formatFloatGo(upperBound), String(count)])
      return { buckets: Object.fromEntries(buckets), count: String(sample.count), sum: formatFloatGo(sample.sum) }
    }
  }
}

function formatTime(at: Millis): string {
  return new Date(at).toISOString()
}
