import { agoText } from './time-text.ts'

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

/** `kind` is the class that gives the columns their widths. */
export function table(kind: string, heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return element(
    'table',
    { class: kind },
    heads.length === 0 ? undefined : element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', {}, head)))),
    element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell))))),
  )
}

/** How long ago a time was; `keepCurrent` makes it true again. */
export function ago(iso: string): HTMLElement {
  return element('time', { datetime: iso, title: iso }, agoText(Date.parse(iso), Date.now()))
}

/** Brings every `ago` below an element up to now. */
export function keepCurrent(root: HTMLElement): void {
  for (const time of root.querySelectorAll('time')) time.textContent = agoText(Date.parse(time.dateTime), Date.now())
}
