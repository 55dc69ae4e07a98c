// A small HTML tokenizer that only knows where it is.

export interface HtmlContext {
  readonly state: 'text' | 'rcdata' | 'tag' | 'attribute-name' | 'before-value' | 'value' | 'script' | 'style' | 'comment'
  /** The quote of the attribute's value or of the script's string; empty outside of one. */
  readonly quote: '' | '"' | "'" | '`'
  /** What the attribute's value means. */
  readonly attribute: 'plain' | 'url' | 'script' | 'style'
  /** How far an address was written: nothing yet, its path, its query, or one or the other. */
  readonly urlPart: 'start' | 'path' | 'query' | 'unknown'
  /** The element whose end closes `script`, `style` and `rcdata`. */
  readonly element: string
}

export const startContext: HtmlContext = { state: 'text', quote: '', attribute: 'plain', urlPart: 'start', element: '' }

const URL_ATTRIBUTES = new Set([
  'action',
  'background',
  'cite',
  'classid',
  'codebase',
  'data',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'manifest',
  'poster',
  'profile',
  'src',
  'usemap',
  'xmlns',
])

/** The context after `text`. With `isAction` the text is not markup but stands for what an action prints. */
export function scanHtml(text: string, start: HtmlContext, isAction = false): HtmlContext {
  if (isAction) return afterAction(start)
  let context = start
  // Every scan moves on, or changes the state to one that does.
  for (let at = 0; at < text.length; ) {
    const step = STEPS[context.state](text, at, context)
    context = step.context
    at = step.at
  }
  return context
}

function afterAction(context: HtmlContext): HtmlContext {
  if (context.state === 'before-value') return { ...context, state: 'value', quote: '', urlPart: 'path' }
  if (context.state === 'tag') return { ...context, state: 'attribute-name' }
  if (context.state === 'value' && context.urlPart === 'start') return { ...context, urlPart: 'path' }
  return context
}

interface Step {
  readonly context: HtmlContext
  /** Where to go on; further than before, or in another state. */
  readonly at: number
}

type Scan = (text: string, at: number, context: HtmlContext) => Step

const STEPS: Readonly<Record<HtmlContext['state'], Scan>> = {
  text: scanText,
  rcdata: scanRaw,
  tag: scanTag,
  'attribute-name': scanAttributeName,
  'before-value': scanBeforeValue,
  value: scanValue,
  script: scanScript,
  style: scanRaw,
  comment: (text, at, context) => {
    const end = text.indexOf('-->', at)
    return end < 0 ? { context, at: text.length } : { context: startContext, at: end + 3 }
  },
}

function scanText(text: string, at: number, context: HtmlContext): Step {
  const open = text.indexOf('<', at)
  if (open < 0) return { context, at: text.length }
  if (text.startsWith('<!--', open)) return { context: { ...startContext, state: 'comment' }, at: open + 4 }
  const match = /^<(\/?)([a-zA-Z][^\s/>]*)/.exec(text.slice(open, open + 200))
  if (match === null) return { context, at: open + 1 }
  const element = match[1] === '' ? (match[2] as string).toLowerCase() : ''
  return { context: { ...startContext, state: 'tag', element }, at: open + match[0].length }
}

function scanTag(text: string, at: number, context: HtmlContext): Step {
  const skip = /^[\s/]*/.exec(text.slice(at))?.[0].length ?? 0
  const next = at + skip
  if (next >= text.length) return { context, at: text.length }
  if (text[next] === '>') return { context: afterTag(context.element), at: next + 1 }
  const name = /^[^\s=>/]+/.exec(text.slice(next))?.[0] ?? '='
  const state = 'attribute-name'
  return { context: { ...context, state, attribute: attributeKind(name.toLowerCase()) }, at: next + name.length }
}

function afterTag(element: string): HtmlContext {
  if (element === 'script' || element === 'style') return { ...startContext, state: element, element }
  if (element === 'textarea' || element === 'title') return { ...startContext, state: 'rcdata', element }
  return startContext
}

function attributeKind(name: string): HtmlContext['attribute'] {
  const bare = name.replace(/^(?:data-|.*:(?=href|src))/, '')
  if (bare.startsWith('on')) return 'script'
  if (bare === 'style') return 'style'
  return URL_ATTRIBUTES.has(bare) ? 'url' : 'plain'
}

function scanAttributeName(text: string, at: number, context: HtmlContext): Step {
  const skip = /^[^\s=>/]*\s*/.exec(text.slice(at))?.[0].length ?? 0
  if (at + skip >= text.length) return { context, at: text.length }
  if (text[at + skip] === '=') return { context: { ...context, state: 'before-value' }, at: at + skip + 1 }
  return { context: { ...context, state: 'tag' }, at: at + skip }
}

function scanBeforeValue(text: string, at: number, context: HtmlContext): Step {
  const skip = /^\s*/.exec(text.slice(at))?.[0].length ?? 0
  const next = text[at + skip]
  if (next === undefined) return { context, at: text.length }
  const quote = next === '"' || next === "'" ? next : ''
  return { context: { ...context, state: 'value', quote, urlPart: 'start' }, at: at + skip + quote.length }
}

function scanValue(text: string, at: number, context: HtmlContext): Step {
  const rest = text.slice(at)
  const length = context.quote === '' ? rest.search(/[\s>]/) : rest.indexOf(context.quote)
  const part = length < 0 ? rest : rest.slice(0, length)
  if (length >= 0) return { context: { ...context, state: 'tag', quote: '', attribute: 'plain' }, at: at + length + context.quote.length }
  const urlPart = /[?#]/.test(part) || context.urlPart === 'query' ? 'query' : part === '' ? context.urlPart : 'path'
  return { context: { ...context, urlPart }, at: text.length }
}

function scanRaw(text: string, at: number, context: HtmlContext): Step {
  const end = text.toLowerCase().indexOf(`</${context.element}`, at)
  return end < 0 ? { context, at: text.length } : { context: { ...startContext, state: 'tag' }, at: end + 2 + context.element.length }
}

/** Follows the quotes of a script, so that an action inside of a string is known as such. */
function scanScript(text: string, at: number, context: HtmlContext): Step {
  const close = text.toLowerCase().indexOf('</script', at)
  const end = close < 0 ? text.length : close
  let quote = context.quote
  for (let index = at; index < end; index++) {
    const char = text[index] as string
    if (char === '\\') index++
    else if (quote === '') {
      if (char === '"' || char === "'" || char === '`') quote = char
    } else if (char === quote) quote = ''
  }
  if (close < 0) return { context: { ...context, quote }, at: text.length }
  return { context: { ...startContext, state: 'tag' }, at: close + '</script'.length }
}
