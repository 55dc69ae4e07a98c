// The pages that show what the stack is doing: each is a question to the API and a way to write its answer.

import { type Alert, type Answer, ask, type LabelSet, type Rule, type RuleGroup, type Target } from './api.ts'
import { ago, element, seriesText, span, table, tag } from './dom.ts'

const REFRESH_MS = 5000

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
  return () => {
    stopped = true
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
    target.health === 'unknown' ? 'never' : `${ago(target.lastScrape)}, took ${span(target.lastScrapeDuration)}`,
    target.lastError === '' ? undefined : element('span', { class: 'bad' }, target.lastError),
  ])
  return table(['Endpoint', 'State', 'Labels', 'Last scrape', 'Error'], rows)
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
  const held = rule.duration ? ` for ${span(rule.duration)}` : ''
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
    alert.value,
    annotations(alert.annotations),
  ])
  return table(['Labels', 'State', 'Active since', 'Value', 'Annotations'], rows)
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
        element('small', {}, `${group.file}, every ${span(group.interval)}, last took ${span(group.evaluationTime)}`),
      ),
      element('div', { class: 'card' }, ruleTable(group.rules)),
    ])
  })
}

function ruleTable(rules: readonly Rule[]): HTMLElement {
  const mood = { ok: 'good', err: 'bad', unknown: 'quiet' } as const
  const rows = rules.map((rule) => [
    element('a', { href: `${window.promlet.prefix}/query?${new URLSearchParams({ expr: rule.query })}` }, rule.name),
    rule.type,
    element('pre', {}, rule.query),
    element('span', {}, tag(rule.health, mood[rule.health]), rule.lastError ? element('div', { class: 'bad' }, rule.lastError) : undefined),
    span(rule.evaluationTime),
  ])
  return table(['Rule', 'Kind', 'Expression', 'Health', 'Took'], rows)
}

export function statusPage(main: HTMLElement): () => void {
  const parts = [
    ['Build', 'status/buildinfo'],
    ['Runtime', 'status/runtimeinfo'],
    ['Store', 'status/tsdb'],
    ['Alertmanagers', 'alertmanagers'],
    ['Configuration', 'status/config'],
    ['Flags', 'status/flags'],
  ] as const
  main.replaceChildren()
  for (const [title, path] of parts) {
    const card = element('div', { class: 'card' })
    main.append(element('h2', {}, title), card)
    void ask<unknown>(path).then((answer) =>
      card.append(answer.ok ? facts(answer.data) : element('div', { class: 'pad quiet' }, answer.error)),
    )
  }
  return () => {}
}

function facts(data: unknown): HTMLElement {
  if (typeof data !== 'object' || data === null) return element('span', {}, String(data))
  if (Array.isArray(data)) return element('pre', {}, data.map((item) => JSON.stringify(item)).join('\n'))
  const rows = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === 'object' ? facts(value) : element('pre', {}, String(value)),
  ])
  return table(['', ''], rows)
}
