// The pages that show what the stack is doing: each is a question to the API and a way to write its answer.

import { type Alert, type Answer, ask, type LabelSet, page, type Rule, type RuleGroup, type Target } from './api.ts'
import { ago, element, keepCurrent, seriesText, table, tag } from './dom.ts'
import { durationText, spanText } from './time-text.ts'

const REFRESH_MS = 5000
const SECOND_MS = 1000

/** Shows what `render` makes of an answer, again every few seconds, until the function that it gives is called. */
function refreshing<T>(main: HTMLElement, path: string, render: (data: T) => readonly Node[]): () => void {
  let stopped = false
  const controller = new AbortController()
  let last = ''
  const show = async () => {
    const answer: Answer<T> = await ask<T>(path, undefined, controller.signal)
    if (stopped) return
    const text = JSON.stringify(answer.ok ? answer.data : answer)
    if (text !== last) main.replaceChildren(...(answer.ok ? render(answer.data) : [failure(answer.error)]))
    last = text
    setTimeout(() => void (stopped || show()), REFRESH_MS)
  }
  void show()
  const ticking = setInterval(() => keepCurrent(main), SECOND_MS)
  return () => {
    stopped = true
    clearInterval(ticking)
    controller.abort()
  }
}

function failure(text: string): HTMLElement {
  return element('div', { class: 'card problem' }, element('div', { class: 'pad bad' }, text))
}

export function targetsPage(main: HTMLElement): () => void {
  return refreshing<{ readonly activeTargets: readonly Target[] }>(main, 'targets?state=active', ({ activeTargets }) => {
    const pools = Map.groupBy(activeTargets, (target) => target.scrapePool)
    if (pools.size === 0) return [element('p', { class: 'quiet' }, 'No targets. Add a job to scrape_configs.')]
    return [...pools].flatMap(([pool, targets]) => {
      const up = targets.filter(({ health }) => health === 'up').length
      return [
        element('h2', {}, `${pool} `, element('small', {}, `${up} of ${targets.length} up`)),
        element('div', { class: 'card' }, targetTable(targets)),
      ]
    })
  })
}

function targetTable(targets: readonly Target[]): HTMLElement {
  const mood = { up: 'good', down: 'bad', unknown: 'quiet' } as const
  const rows = targets.map((target) => [
    element('a', { href: target.scrapeUrl }, target.scrapeUrl),
    tag(target.health, mood[target.health]),
    seriesText(target.labels),
    ago(target.lastScrape),
    target.health === 'unknown' ? undefined : spanText(target.lastScrapeDuration),
    target.lastError === '' ? undefined : element('span', { class: 'bad' }, target.lastError),
  ])
  return table('targets', ['Endpoint', 'State', 'Labels', 'Last scrape', 'Took', 'Error'], rows)
}

export function alertsPage(main: HTMLElement): () => void {
  return refreshing<{ readonly groups: readonly RuleGroup[] }>(main, 'rules?type=alert', ({ groups }) => {
    const rules = groups.flatMap((group) => group.rules)
    const order = { firing: 0, pending: 1, inactive: 2 }
    const sorted = [...rules].sort((left, right) => order[left.state ?? 'inactive'] - order[right.state ?? 'inactive'])
    if (sorted.length === 0) return [element('p', { class: 'quiet' }, 'No alerting rules. Add a file to rule_files.')]
    return sorted.map(alertCard)
  })
}

function alertCard(rule: Rule): HTMLElement {
  const held = rule.duration ? ` for ${durationText(rule.duration)}` : ''
  const head = element(
    'div',
    { class: 'pad' },
    stateTag(rule.state ?? 'inactive'),
    ' ',
    element('b', {}, rule.name),
    element('pre', { class: 'quiet' }, `${rule.query}${held}`),
  )
  const alerts = rule.alerts ?? []
  return element('div', { class: 'card' }, head, alerts.length > 0 ? alertTable(alerts) : undefined)
}

function alertTable(alerts: readonly Alert[]): HTMLElement {
  const rows = alerts.map((alert) => [
    seriesText(alert.labels),
    stateTag(alert.state),
    ago(alert.activeAt),
    String(Number(alert.value)),
    annotations(alert.annotations),
  ])
  return table('alerts', ['Labels', 'State', 'Active since', 'Value', 'Annotations'], rows)
}

function annotations(texts: LabelSet): HTMLElement {
  return element(
    'div',
    {},
    ...Object.entries(texts).map(([name, text]) => element('div', {}, element('span', { class: 'quiet' }, `${name}: `), text)),
  )
}

function stateTag(state: Alert['state']): HTMLElement {
  return tag(state, ({ firing: 'bad', pending: 'warn', inactive: 'good' } as const)[state])
}

export function rulesPage(main: HTMLElement): () => void {
  return refreshing<{ readonly groups: readonly RuleGroup[] }>(main, 'rules', ({ groups }) => {
    if (groups.length === 0) return [element('p', { class: 'quiet' }, 'No rules. Add a file to rule_files.')]
    return groups.flatMap((group) => [
      element(
        'h2',
        {},
        `${group.name} `,
        element('small', {}, `${group.file}, every ${durationText(group.interval)}, last took ${spanText(group.evaluationTime)}`),
      ),
      element('div', { class: 'card' }, ruleTable(group.rules)),
    ])
  })
}

function ruleTable(rules: readonly Rule[]): HTMLElement {
  const mood = { ok: 'good', err: 'bad', unknown: 'quiet' } as const
  const rows = rules.map((rule) => [
    element('a', { href: `${page.prefix}/query?${new URLSearchParams({ expr: rule.query })}` }, rule.name),
    rule.type,
    element('pre', {}, rule.query),
    element('span', {}, tag(rule.health, mood[rule.health]), rule.lastError ? element('div', { class: 'bad' }, rule.lastError) : undefined),
    spanText(rule.evaluationTime),
  ])
  return table('rules', ['Rule', 'Kind', 'Expression', 'Health', 'Took'], rows)
}
