import type { Labels } from '@promlet/model'

const PARAM = '__param_'

/** The URL that a target is scraped at, as Go writes it: parameters in order of name, those of labels first. */
export function targetUrl(labels: Labels, params: Readonly<Record<string, readonly string[]>>): string {
  const path = labels.get('__metrics_path__')
  const slash = path === '' || path.startsWith('/') ? '' : '/'
  const query = queryOf(labels, params)
  return `${labels.get('__scheme__')}://${labels.get('__address__')}${slash}${escapePath(path)}${query === '' ? '' : `?${query}`}`
}

function queryOf(labels: Labels, params: Readonly<Record<string, readonly string[]>>): string {
  const all = new Map<string, string[]>(Object.entries(params).map(([name, values]) => [name, [...values]]))
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM)) continue
    const key = name.slice(PARAM.length)
    // A label stands for the first value only; the others have no label.
    all.set(key, [value, ...(all.get(key) ?? []).slice(1)])
  }
  const names = [...all.keys()].sort()
  return names.flatMap((name) => (all.get(name) as string[]).map((value) => `${escapeQuery(name)}=${escapeQuery(value)}`)).join('&')
}

function escapeQuery(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed())
  return encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+')
}

function escapePath(path: string): string {
  return encodeURI(path.toWellFormed()).replaceAll('?', '%3F').replaceAll('#', '%23')
}
