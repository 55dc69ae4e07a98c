import { type Answer, ask, type Matrix, type Single, type Vector } from './api.ts'
import { chart } from './chart.ts'
import { element, seriesText, table } from './dom.ts'
import { explainButton } from './explanation.ts'
import { parseLocalTime } from './time-text.ts'

const ROWS_MAX = 1000
const POINTS = 250

interface State {
  readonly query: string
  readonly graph: boolean
  /** A Prometheus duration. */
  readonly range: string
  /** `YYYY-MM-DD HH:MM` in local time; empty: now. */
  readonly end: string
}

/** The query box with a table of the present or a graph of a range. The URL holds its whole state. */
export function queryPage(main: HTMLElement): () => void {
  let running: AbortController | undefined
  const state = readState()
  const query = element('textarea', {
    'aria-label': 'PromQL query',
    placeholder: 'sum by (job) (rate(http_requests_total[5m]))',
    rows: '2',
    spellcheck: 'false',
  })
  query.value = state.query
  const range = element('input', { class: 'range', 'aria-label': 'Range', value: state.range })
  const end = element('input', {
    class: 'time',
    'aria-label': 'End time',
    placeholder: 'now',
    title: 'YYYY-MM-DD HH:MM, local time',
    value: state.end,
  })
  const answerBox = element('section', {})
  const tableButton = view('Table', false)
  const graphButton = view('Graph', true)
  let graph = state.graph

  function view(text: string, isGraph: boolean): HTMLButtonElement {
    return element('button', { type: 'button', onclick: () => show(isGraph) }, text)
  }
  function show(isGraph: boolean): void {
    graph = isGraph
    void run()
  }
  async function run(): Promise<void> {
    running?.abort()
    running = new AbortController()
    const { signal } = running
    const now: State = { query: query.value.trim(), graph, range: range.value, end: end.value }
    tableButton.setAttribute('aria-pressed', String(!graph))
    graphButton.setAttribute('aria-pressed', String(graph))
    history.replaceState(
      null,
      '',
      `?${new URLSearchParams({ expr: now.query, tab: graph ? 'graph' : 'table', range: now.range, end: now.end })}`,
    )
    if (now.query === '') return
    answerBox.setAttribute('aria-busy', 'true')
    const shown = await (graph ? askRange(now, signal) : askInstant(now, signal))
    if (signal.aborted) return
    answerBox.removeAttribute('aria-busy')
    answerBox.replaceChildren(...shown)
  }
  query.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey) return
    event.preventDefault()
    void run()
  })
  const submit = (event: Event) => {
    event.preventDefault()
    void run()
  }
  const views = element('span', { class: 'group' }, tableButton, graphButton)
  const controls = [
    views,
    element('label', {}, 'Range', range),
    element('label', {}, 'Until', end),
    element('button', { class: 'primary' }, 'Execute'),
  ]
  main.replaceChildren(element('form', { onsubmit: submit }, query, ...controls), answerBox)
  void run()
  return () => running?.abort()
}

function readState(): State {
  const params = new URLSearchParams(location.search)
  const get = (name: string, old: string, fallback: string) => params.get(name) ?? params.get(`g0.${old}`) ?? fallback
  const tab = get('tab', 'tab', 'table')
  return {
    query: get('expr', 'expr', 'up'),
    graph: tab === 'graph' || tab === '0',
    range: get('range', 'range_input', '1h'),
    end: get('end', 'end_input', ''),
  }
}

async function askInstant({ query, end }: State, signal: AbortSignal): Promise<readonly Node[]> {
  const until = parseEnd(end)
  if (until === undefined) return [wrongEnd(end)]
  const time = end === '' ? {} : { time: String(until / 1000) }
  const answer = await ask<Vector | Matrix | Single>('query', { query, ...time }, signal)
  if (!answer.ok) return [problem(query, answer)]
  return [...notices(answer.notices), resultTable(answer.data, answer.ms), explainButton({ query, ...time })]
}

async function askRange({ query, range, end }: State, signal: AbortSignal): Promise<readonly Node[]> {
  const seconds = parseRange(range)
  if (seconds === undefined) return [message('problem', `"${range}" is not a range: write it like 30m, 6h or 1d`)]
  const last = parseEnd(end)
  if (last === undefined) return [wrongEnd(end)]
  const step = Math.max(1, Math.round(seconds / POINTS))
  const until = Math.floor(last / 1000 / step) * step
  const start = until - seconds
  const params = { query, start: String(start), end: String(until), step: String(step) }
  const answer = await ask<Matrix>('query_range', params, signal)
  if (!answer.ok) return [problem(query, answer)]
  const explain = explainButton(params)
  if (answer.data.result.length === 0) return [...notices(answer.notices), message('notice', 'No series in this range.'), explain]
  const found = `${answer.data.result.length} series, a point every ${step} s, ${answer.ms.toFixed(0)} ms`
  return [...notices(answer.notices), chart(answer.data, start, until, step), element('p', { class: 'quiet' }, found), explain]
}

/** In milliseconds; nothing typed is now. */
function parseEnd(text: string): number | undefined {
  return text.trim() === '' ? Date.now() : parseLocalTime(text)
}

function wrongEnd(text: string): HTMLElement {
  return message('problem', `"${text}" is not a time: write it like 2026-01-31 18:05, or leave it empty for now`)
}

function parseRange(text: string): number | undefined {
  const unit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }
  const parts = [...text.matchAll(/(\d+)([smhdwy])/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return undefined
  return parts.reduce((sum, [, count, name]) => sum + Number(count) * (unit[name as string] as number), 0)
}

function resultTable(data: Vector | Matrix | Single, ms: number): HTMLElement {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return element('div', { class: 'card' }, table('values', ['Value'], [[data.result[1]]]))
  if (data.result.length === 0) return message('notice', 'Nothing matches: the answer is empty.')
  const found: readonly (Vector['result'][number] | Matrix['result'][number])[] = data.result
  const rows = found.slice(0, ROWS_MAX).map((series) => [seriesText(series.metric), values(series)])
  const body = table('values', ['Series', 'Value'], rows)
  for (const row of body.querySelectorAll('tr')) row.lastElementChild?.classList.add('number')
  const cut = data.result.length > ROWS_MAX ? `the first ${ROWS_MAX} of ` : ''
  return element(
    'div',
    {},
    element('div', { class: 'card' }, body),
    element('p', { class: 'quiet' }, `${cut}${data.result.length} series, ${ms.toFixed(0)} ms`),
  )
}

function values(series: Vector['result'][number] | Matrix['result'][number]): Node {
  if ('value' in series && series.value !== undefined) return document.createTextNode(series.value[1])
  if ('values' in series && series.values !== undefined)
    return element('pre', {}, series.values.map(([at, value]) => `${value} @${at}`).join('\n'))
  const histogram = 'histogram' in series ? series.histogram?.[1] : 'histograms' in series ? series.histograms : undefined
  return element('pre', {}, JSON.stringify(histogram, null, 1))
}

function notices(texts: readonly string[]): readonly HTMLElement[] {
  return texts.map((text) => message('notice', text))
}

function problem(query: string, { error, hint, position }: Extract<Answer<never>, { ok: false }>): HTMLElement {
  const where = position === undefined ? undefined : element('pre', {}, caret(query, position))
  return element(
    'div',
    { class: 'card problem' },
    element('div', { class: 'pad' }, element('p', { class: 'bad' }, error), where, hint === undefined ? undefined : element('p', {}, hint)),
  )
}

/** The line of the query that holds the mistake, with marks below it. */
function caret(query: string, { start, end }: { readonly start: number; readonly end: number }): string {
  const lineStart = query.lastIndexOf('\n', start - 1) + 1
  const line = query.slice(lineStart).split('\n')[0] ?? ''
  const length = Math.max(1, Math.min(end, lineStart + line.length) - start)
  return `${line}\n${' '.repeat(start - lineStart)}${'^'.repeat(length)}`
}

function message(kind: 'problem' | 'notice', text: string): HTMLElement {
  return element('div', { class: `card ${kind}` }, element('div', { class: 'pad' }, text))
}
