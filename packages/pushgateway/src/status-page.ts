// One page without build step or assets: every group with its metrics, a way to delete it, and how the gateway runs.

import { formatFloatGo, type Sample } from '@promlet/exposition'
import type { FastifyInstance } from '@promlet/http'
import { type Clock, compareText } from '@promlet/model'
import type { StatusFacts } from './api.ts'
import { formatGroupingKey } from './grouping-key.ts'
import { type Group, PUSH_FAILURE_TIME, PUSH_TIME, pushTimes } from './groups.ts'
import type { Intake } from './intake.ts'
import { countRequest, type PushgatewayMetrics } from './metrics.ts'
import type { GroupFamily, Series } from './series.ts'
import { STATUS_SCRIPT, STATUS_STYLE } from './status-assets.ts'

export interface StatusPageOptions {
  readonly intake: Intake
  readonly metrics: PushgatewayMetrics
  readonly clock: Clock
  readonly status: StatusFacts
  /** Where the page is reached, without a trailing slash: links and deletions are relative to it. */
  readonly prefix: string
  readonly telemetryPath: string
  readonly enableAdminApi: boolean
}

/** More groups than this are not written out: the page stays usable. */
const GROUPS_SHOWN_MAX = 500

/** `/` and `/status`. */
export function registerStatusPage(app: FastifyInstance, options: StatusPageOptions): void {
  for (const url of ['/', '/status']) {
    app.get(url, { onResponse: countRequest(options.metrics, 'status') }, async (_, reply) =>
      reply.header('content-type', 'text/html; charset=utf-8').send(renderPage(options)),
    )
  }
}

function renderPage({ intake, clock, status, prefix, telemetryPath, enableAdminApi }: StatusPageOptions): string {
  const { groups } = intake
  const problem = intake.problem()
  const shown = [...groups.all()].sort((left, right) => compareText(left.key.text, right.key.text)).slice(0, GROUPS_SHOWN_MAX)
  return `<!doctype html>
<html lang="en" data-prefix="${escapeHtml(prefix)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pushgateway</title>
<style>${STATUS_STYLE}</style>
</head>
<body>
<header><h1>Pushgateway</h1><nav><a href="${escapeHtml(prefix + telemetryPath)}">metrics</a> <a href="${escapeHtml(prefix)}/api/v1/metrics">API</a></nav></header>
<main>
${problem === undefined ? '' : `<p class="bad">The metrics contradict each other and cannot be scraped: ${escapeHtml(problem)}</p>`}
<h2>${groups.size} ${groups.size === 1 ? 'group' : 'groups'}${shown.length < groups.size ? `, ${shown.length} shown` : ''}</h2>
${shown.map((group) => renderGroup(group, clock.now())).join('\n') || '<p class="empty">Nothing has been pushed yet.</p>'}
${enableAdminApi && groups.size > 0 ? '<p><button data-wipe>Delete all groups</button></p>' : ''}
<h2>This Pushgateway</h2>
${renderFacts({ started: new Date(status.startedAt).toISOString(), ...status.build })}
<h2>Flags</h2>
${renderFacts(status.flags)}
</main>
<script>${STATUS_SCRIPT}</script>
</body>
</html>
`
}

function renderGroup(group: Group, now: number): string {
  const { pushed, failed } = pushTimes(group)
  const labels = group.key.labels.map(({ name, value }) => `<span class="label">${escapeHtml(name)}="${escapeHtml(value)}"</span>`)
  const times = [
    pushed > 0 ? `pushed ${age(now, pushed)}` : 'never pushed well',
    ...(failed > 0 ? [`<span class="${failed > pushed ? 'bad' : ''}">failed ${age(now, failed)}</span>`] : []),
  ]
  const families = [...group.families.values()]
    .filter(({ name }) => name !== PUSH_TIME && name !== PUSH_FAILURE_TIME)
    .sort((left, right) => compareText(left.name, right.name))
  return `<details class="group">
<summary>${labels.join(' ')} <span class="times">${times.join(', ')}</span>
<button data-delete="${escapeHtml(formatGroupingKey(group.key))}">Delete</button></summary>
<table>${families.map(renderFamily).join('')}</table>
</details>`
}

function renderFamily({ name, type, help, series }: GroupFamily): string {
  const title = help === undefined ? '' : ` title="${escapeHtml(help)}"`
  const rows = series.map((one) => `<tr><td>${renderLabels(one)}</td><td class="value">${sampleText(one.sample)}</td></tr>`)
  return `<tbody><tr><th colspan="2"${title}>${escapeHtml(name)} <small>${type}</small></th></tr>${rows.join('')}</tbody>`
}

function renderLabels({ labels }: Series): string {
  return labels.map(({ name, value }) => `${escapeHtml(name)}="${escapeHtml(value)}"`).join(', ')
}

function sampleText(sample: Sample): string {
  switch (sample.kind) {
    case 'value':
      return formatFloatGo(sample.value)
    case 'summary':
      return `count ${sample.count}, sum ${formatFloatGo(sample.sum)}${sample.quantiles.map(({ quantile, value }) => `, ${formatFloatGo(quantile)}: ${formatFloatGo(value)}`).join('')}`
    case 'histogram':
      return `count ${sample.count}, sum ${formatFloatGo(sample.sum)}${sample.buckets.map(({ upperBound, count }) => `, ≤ ${formatFloatGo(upperBound)}: ${count}`).join('')}`
  }
}

function renderFacts(facts: Readonly<Record<string, string>>): string {
  const told = Object.entries(facts).filter(([, value]) => value !== '')
  const rows = told.map(([name, value]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`)
  return `<table class="facts">${rows.join('')}</table>`
}

function age(now: number, seconds: number): string {
  const passed = Math.max(0, Math.round(now / 1000 - seconds))
  const text = passed < 120 ? `${passed} s` : passed < 7200 ? `${Math.round(passed / 60)} min` : `${Math.round(passed / 3600)} h`
  return `<time datetime="${new Date(seconds * 1000).toISOString()}" title="${new Date(seconds * 1000).toISOString()}">${text} ago</time>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] as string)
}
