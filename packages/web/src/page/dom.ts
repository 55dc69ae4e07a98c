type Child = Node | string | undefined

type Attributes = Readonly<Record<string, string | boolean | undefined | ((event: Event) => void)>>

/** Makes an element: attributes by name, `on…` names as listeners, `true` as an attribute without value. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') node.addEventListener(name.slice(2), value)
    else node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children.flat().filter((child) => child !== undefined))
  return node
}

/** A label set as Prometheus writes it, with the metric name first. */
export function seriesText(labels: Readonly<Record<string, string>>): HTMLElement {
  const { __name__: name, ...rest } = labels
  const pairs = Object.entries(rest).flatMap(([label, value], index) => [
    index > 0 ? ', ' : '',
    element('i', {}, `${label}=`),
    JSON.stringify(value),
  ])
  const braces = pairs.length > 0 || name === undefined ? ['{', ...pairs, '}'] : []
  return element('span', { class: 'series' }, name === undefined ? undefined : element('b', {}, name), ...braces)
}

export function tag(text: string, mood: 'good' | 'warn' | 'bad' | 'quiet'): HTMLElement {
  return element('span', { class: `tag ${mood}` }, text)
}

export function table(heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', {}, head)))),
    element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell))))),
  )
}

/** How long ago a time was, in the largest fitting unit. */
export function ago(iso: string, now = Date.now()): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at) || at <= 0) return 'never'
  return `${span((now - at) / 1000)} ago`
}

/** Seconds as a short text. */
export function span(seconds: number): string {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`
  if (seconds < 1) return `${(seconds * 1000).toFixed(1)} ms`
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
