import { ask } from './api.ts'
import { element } from './dom.ts'

/** What the page shows of an explanation of `/api/v1/explain`. */
interface Explanation {
  readonly tree: Part
  readonly empty: readonly Reason[]
  readonly error?: string
}

interface Part {
  readonly text: string
  readonly resultType: string
  readonly input: Amount
  readonly output: Amount
  readonly time: { readonly totalMs: number }
  readonly values: readonly { readonly series: string; readonly first: Sample; readonly last: Sample; readonly samples: number }[]
  readonly annotations: readonly string[]
  readonly match?: { readonly by: string; readonly matched: Found; readonly droppedLeft: Dropped; readonly droppedRight: Dropped }
  readonly empty?: Reason
  readonly isIdle: boolean
  readonly error?: string
  readonly children: readonly Part[]
}

type Sample = readonly [seconds: number, value: string]

interface Amount {
  readonly series: number
  readonly samples: number
}

interface Found {
  readonly count: number
}

interface Dropped extends Found {
  readonly examples: readonly { readonly series: string; readonly text: string }[]
}

interface Reason {
  readonly text: string
  readonly didYouMean: readonly string[]
}

/** A button that shows, in its place, what each part of the query gave. */
export function explainButton(params: Readonly<Record<string, string>>): HTMLElement {
  const box = element('div', { class: 'explanation' })
  const show = async () => {
    const answer = await ask<Explanation>('explain', params)
    box.replaceChildren(...(answer.ok ? explanationList(answer.data) : [element('p', { class: 'bad' }, answer.error)]))
  }
  box.append(element('button', { type: 'button', onclick: () => void show() }, 'Explain'))
  return box
}

function explanationList({ tree, empty, error }: Explanation): readonly HTMLElement[] {
  const reasons = error === undefined ? empty.map(reasonText) : [error]
  const why = reasons.map((text) => element('p', { class: 'bad' }, text))
  return [...why, element('div', { class: 'card' }, element('div', { class: 'pad' }, element('ul', {}, partItem(tree))))]
}

function partItem(part: Part): HTMLElement {
  const lines = part.isIdle ? [] : linesOf(part)
  const below = part.children.length === 0 ? undefined : element('ul', {}, ...part.children.map(partItem))
  return element('li', {}, element('code', {}, part.text), ...lines.map((text) => element('div', { class: 'quiet' }, text)), below)
}

function linesOf({ resultType, input, output, time, values, match, annotations, empty, error }: Part): readonly string[] {
  const from = input.series === 0 ? '' : ` from ${amountText(input)}`
  return [
    `${resultType}: ${amountText(output)}${from}, ${time.totalMs.toFixed(2)} ms`,
    ...values.map(({ series, first, last, samples }) => `${series}  ${samples === 1 ? first[1] : `${first[1]} … ${last[1]} (${samples})`}`),
    ...(match === undefined ? [] : [`matched by ${match.by}: ${match.matched.count}`]),
    ...(match === undefined ? [] : [...droppedLines('left', match.droppedLeft), ...droppedLines('right', match.droppedRight)]),
    ...annotations,
    ...(error === undefined ? [] : [error]),
    ...(empty === undefined ? [] : [`nothing: ${reasonText(empty)}`]),
  ]
}

function droppedLines(side: string, { count, examples }: Dropped): readonly string[] {
  return count === 0 ? [] : [`dropped on the ${side}: ${count}`, ...examples.map(({ series, text }) => `${series}: ${text}`)]
}

function amountText({ series, samples }: Amount): string {
  return `${series} series (${samples} ${samples === 1 ? 'sample' : 'samples'})`
}

function reasonText({ text, didYouMean }: Reason): string {
  return didYouMean.length === 0 ? text : `${text}; did you mean ${didYouMean.join(' or ')}?`
}
