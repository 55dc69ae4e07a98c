// What runs here, what the store holds and how it was set up. Fields that a server does not tell are left out.

import { ask } from './api.ts'
import { ago, element, keepCurrent, table } from './dom.ts'

type Facts = Readonly<Record<string, unknown>>
type Count = { readonly name: string; readonly value: number }
type Row = readonly [name: string, value: Node | string | undefined]

const LISTS = {
  seriesCountByMetricName: 'Series by metric',
  labelValueCountByLabelName: 'Values by label',
  seriesCountByLabelValuePair: 'Series by label pair',
  memoryInBytesByLabelName: 'Bytes by label',
} as const

export function statusPage(main: HTMLElement): () => void {
  const controller = new AbortController()
  const parts: readonly (readonly [title: string, write: (signal: AbortSignal) => Promise<readonly Node[]>])[] = [
    ['Server', server],
    ['Store', store],
    ['Flags', flags],
    ['Configuration', configuration],
  ]
  main.replaceChildren()
  for (const [title, write] of parts) {
    const section = element('section', {}, element('h2', {}, title))
    main.append(section)
    void write(controller.signal).then((nodes) => section.append(...nodes))
  }
  const ticking = setInterval(() => keepCurrent(main), 1000)
  return () => {
    clearInterval(ticking)
    controller.abort()
  }
}

async function server(signal: AbortSignal): Promise<readonly Node[]> {
  const [build, runtime] = await Promise.all([facts('status/buildinfo', signal), facts('status/runtimeinfo', signal)])
  if (typeof build === 'string') return [card(build)]
  const process = typeof runtime === 'string' ? {} : runtime
  const own = build['promlet'] as { readonly version: string; readonly components: readonly string[] } | undefined
  const loaded = element('span', {}, ago(text(process, 'lastConfigTime')))
  if (process['reloadConfigSuccess'] === false) loaded.append(element('span', { class: 'bad' }, ', the last reload failed'))
  return [
    card(
      rows([
        ['Promlet', own?.version],
        ['Behaves like Prometheus', text(build, 'version')],
        ['Components', own?.components.join(', ')],
        ['Started', ago(text(process, 'startTime'))],
        ['Configuration loaded', loaded],
        ['Keeps samples for', text(process, 'storageRetention')],
        ['Host', text(process, 'hostname')],
        ['Working directory', text(process, 'CWD')],
      ]),
    ),
  ]
}

async function store(signal: AbortSignal): Promise<readonly Node[]> {
  const found = await facts('status/tsdb', signal)
  if (typeof found === 'string') return [card(found)]
  const { numSeries, numLabelPairs, chunkCount, minTime, maxTime } = found['headStats'] as Readonly<Record<string, number>>
  const isEmpty = (maxTime ?? 0) < (minTime ?? 0)
  const time = (ms: number | undefined) => (isEmpty || ms === undefined ? undefined : ago(new Date(ms).toISOString()))
  const lists = Object.entries(LISTS).map(([field, title]) => {
    const counts = (found[field] ?? []) as readonly Count[]
    return card(
      table(
        'counts',
        [title, ''],
        counts.map(({ name, value }) => [name, value.toLocaleString('en')]),
      ),
    )
  })
  return [
    card(
      rows([
        ['Series', numSeries?.toLocaleString('en')],
        ['Label pairs', numLabelPairs?.toLocaleString('en')],
        ['Chunks', chunkCount?.toLocaleString('en')],
        ['Oldest sample', time(minTime)],
        ['Newest sample', time(maxTime)],
      ]),
    ),
    element('div', { class: 'grid' }, ...lists),
  ]
}

async function flags(signal: AbortSignal): Promise<readonly Node[]> {
  const found = await facts('status/flags', signal)
  if (typeof found === 'string') return [card(found)]
  const set = Object.entries(found).filter(([, value]) => value !== '')
  return [card(rows(set.map(([name, value]) => [`--${name}`, String(value)] as const)))]
}

async function configuration(signal: AbortSignal): Promise<readonly Node[]> {
  const found = await facts('status/config', signal)
  if (typeof found === 'string') return [card(found)]
  return [card(element('pre', { class: 'pad' }, text(found, 'yaml')))]
}

/** What a path tells, or why it tells nothing. */
async function facts(path: string, signal: AbortSignal): Promise<Facts | string> {
  const answer = await ask<Facts>(path, undefined, signal)
  return answer.ok ? answer.data : answer.error
}

function text(facts: Facts, name: string): string {
  return String(facts[name] ?? '')
}

function rows(all: readonly Row[]): HTMLElement {
  return table(
    'facts',
    [],
    all.filter(([, value]) => value !== undefined && value !== ''),
  )
}

function card(content: Node | string): HTMLElement {
  return element('div', { class: 'card' }, typeof content === 'string' ? element('div', { class: 'pad quiet' }, content) : content)
}
