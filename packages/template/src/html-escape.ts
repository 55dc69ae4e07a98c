import { valueText } from './format.ts'
import type { HtmlContext } from './html-scan.ts'
import type { Value } from './value.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '+': '&#43;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}

/** What stands in place of an address or a style that is not safe; the text is Go's. */
const UNSAFE = 'ZgotmplZ'

/** The escaper for a place. */
export function textEscapers(context: HtmlContext): (value: Value) => string {
  switch (context.state) {
    case 'text':
      return escapeText
    case 'rcdata':
      return (value) => escapeAttribute(value, '"')
    case 'comment':
      return () => ''
    case 'script':
      return (value) => (context.quote === '' ? scriptValue(value) : scriptString(plain(value)))
    case 'style':
      return (value) => styleValue(plain(value))
    case 'tag':
    case 'attribute-name':
      return (value) => (/^[a-zA-Z0-9-]+$/.test(plain(value)) ? plain(value) : UNSAFE)
    case 'before-value':
    case 'value':
      return (value) => escapeAttribute(attributeValue(value, context), context.quote)
  }
}

function attributeValue(value: Value, { attribute, urlPart }: HtmlContext): Value {
  switch (attribute) {
    case 'url':
      return urlText(plain(value), urlPart)
    case 'script':
      return scriptValue(value)
    case 'style':
      return styleValue(plain(value))
    case 'plain':
      return value
  }
}

/** Between tags: HTML stays, all else is escaped; nothing prints as nothing. */
export function escapeText(value: Value): string {
  if (typeof value === 'object' && value !== null && value.kind === 'html') return value.html
  return escapeAll(plain(value))
}

function plain(value: Value): string {
  return value === undefined || value === null ? '' : valueText(value)
}

function escapeAll(text: string): string {
  return text.replace(/["&'+<>\0]/g, (char) => ESCAPES[char] as string)
}

function escapeAttribute(value: Value, quote: string): string {
  const isHtml = typeof value === 'object' && value !== null && value.kind === 'html'
  const text = isHtml ? value.html.replace(/<[^>]*>/g, '') : plain(value)
  const escaped = isHtml ? text.replace(/["'<>+\0]/g, (char) => ESCAPES[char] as string) : escapeAll(text)
  if (quote !== '') return escaped
  return escaped.replace(/[\t\n\v\f\r =`]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** At its start an address may not bring a scheme that runs code; in a query everything that could end a value is escaped. */
function urlText(text: string, part: HtmlContext['urlPart']): string {
  if (part === 'query' || part === 'unknown') return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent)
  if (part === 'start' && !isSafeUrl(text)) return `#${UNSAFE}`
  return text.replace(/[^\w\-.~!#$&*+,/:;=?@[\]%]/gu, (char) =>
    /[()']/.test(char) ? percent(char) : encodeURIComponent(char.toWellFormed()),
  )
}

function isSafeUrl(text: string): boolean {
  const scheme = /^([^/?#]*?):/.exec(text)?.[1]?.toLowerCase()
  return scheme === undefined || ['http', 'https', 'mailto'].includes(scheme)
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16)}`
}

function scriptValue(value: Value): string {
  const json = JSON.stringify(scriptData(value)) ?? 'null'
  const escaped = json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  // A number next to an identifier would join it.
  return /^["[{]/.test(escaped) ? escaped : ` ${escaped} `
}

function scriptData(value: Value): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object') return value
  switch (value.kind) {
    case 'html':
      return value.html
    case 'list':
      return value.items.map(scriptData)
    case 'dict':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, scriptData(entry)]))
    case 'struct':
      return value.text?.() ?? Object.fromEntries([...value.fields].map(([name, field]) => [name, scriptData(field)]))
    case 'function':
      return null
  }
}

function scriptString(text: string): string {
  return text.replace(/[^\w .,:;!?()[\]{}@#%*=~^|$-]/gu, (char) =>
    [...Array(char.length).keys()].map((index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''),
  )
}

function styleValue(text: string): string {
  return /^[\w\s#%.,-]*$/.test(text) && !/expression|moz-?binding/i.test(text) ? text : UNSAFE
}
