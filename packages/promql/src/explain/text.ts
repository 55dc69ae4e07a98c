// An explanation for a person: the tree indented, a line of numbers per node, and what there is to say below it.

import type { DroppedSeries, EmptyReason, Examples, ExplainNode, Explanation, MatchReport, TimedText } from './explanation.ts'
import { timeText } from './missing.ts'
import { counted } from './series-text.ts'

const TEXT_MAX = 100

/** Lines without a line break at the end. `place` in the query is given as line:column where it has several lines. */
export function explanationText(explanation: Explanation): string {
  const lines = [...headLines(explanation), '', ...nodeLines(explanation.tree, '', explanation.query)]
  if (explanation.error !== undefined) lines.push('', `The query failed: ${explanation.error}`)
  if (explanation.empty.length > 0)
    lines.push('', 'The answer is empty:', ...explanation.empty.map((reason) => `  ${placed(reason, explanation.query)}`))
  return lines.join('\n')
}

function headLines({ start, end, step, timings, samples }: Explanation): readonly string[] {
  const when = step === 0 ? `at ${timeText(start * 1000)}` : `from ${timeText(start * 1000)} to ${timeText(end * 1000)}, every ${step} s`
  if (timings === undefined || samples === undefined) return [when]
  const { queueMs, prepareMs, evalMs, totalMs } = timings
  const waited = queueMs >= 1 ? `${milliseconds(queueMs)} waiting, ` : ''
  const times = `${milliseconds(totalMs)}: ${waited}${milliseconds(prepareMs)} parsing and reading, ${milliseconds(evalMs)} evaluating`
  return [when, `${times}; ${counted(samples.total, 'sample')} looked at, ${samples.peak} held at most`]
}

function nodeLines(node: ExplainNode, indent: string, query: string): readonly string[] {
  const inner = `${indent}  `
  return [
    `${indent}${shortened(node.text)}`,
    ...detailLines(node, query).map((line) => `${inner}${line}`),
    ...node.children.flatMap((child) => nodeLines(child, inner, query)),
  ]
}

function detailLines(node: ExplainNode, query: string): readonly string[] {
  const { resultType, sameAs, isIdle, error, empty, match, values, annotations } = node
  const type = resultType === 'matrix' ? 'range vector' : resultType === 'vector' ? 'instant vector' : resultType
  const at = place(query, node.position.start)
  if (isIdle) return resultType === 'string' ? [] : [`· ${at}, ${type}, not evaluated`]
  const same = sameAs === undefined ? [] : [`· computed before, at ${place(query, sameAs.start)}`]
  const numbers = `· ${at}, ${type}${amounts(node)}, ${milliseconds(node.time.totalMs)}${ownTime(node)}`
  return [
    numbers,
    ...same,
    ...values.map(
      ({ series, samples, first, last }) => `= ${resultType === 'scalar' ? '' : `${series} `}${samplesText(samples, first, last)}`,
    ),
    ...(node.output.series > values.length && values.length > 0 ? [`= … ${node.output.series - values.length} more`] : []),
    ...(match === undefined ? [] : matchLines(match)),
    ...annotations.map((text) => `! ${text}`),
    ...(error === undefined ? [] : [`✗ ${error}`]),
    ...(empty === undefined ? [] : [`∅ ${reasonText(empty)}`]),
  ]
}

function amounts({ resultType, input, output, steps }: ExplainNode): string {
  const at = steps === 1 ? '' : ` at ${steps} steps`
  if (resultType === 'scalar') return at
  const from = input.series === 0 && input.samples === 0 ? '' : ` from ${amount(input.series, input.samples)}`
  return `${at}: ${amount(output.series, output.samples)}${from}`
}

function amount(series: number, samples: number): string {
  return `${counted(series, 'series')} (${counted(samples, 'sample')})`
}

function ownTime({ time, children }: ExplainNode): string {
  return children.length === 0 ? '' : ` (${milliseconds(time.selfMs)} itself)`
}

function samplesText(samples: number, first: TimedText, last: TimedText): string {
  return samples === 1 ? first[1] : `${first[1]} … ${last[1]} (${samples})`
}

function matchLines({ by, matched, droppedLeft, droppedRight }: MatchReport): readonly string[] {
  const pairs = matched.examples.map(({ left, right }) => `    ${left ?? '(none)'} ↔ ${right ?? '(none)'}`)
  return [
    `matched by ${by}: ${matched.count}`,
    ...pairs,
    ...(matched.count > pairs.length ? [`    … ${matched.count - pairs.length} more`] : []),
    ...droppedLines('left', droppedLeft),
    ...droppedLines('right', droppedRight),
  ]
}

function droppedLines(side: string, { count, examples }: Examples<DroppedSeries>): readonly string[] {
  if (count === 0) return []
  const more = count > examples.length ? [`    … ${count - examples.length} more`] : []
  return [`dropped on the ${side}: ${count}`, ...examples.map(({ series, text }) => `    ${series}: ${text}`), ...more]
}

function placed(reason: EmptyReason, query: string): string {
  return `${place(query, reason.position.start)}: ${reasonText(reason)}`
}

function reasonText({ text, didYouMean }: EmptyReason): string {
  return didYouMean.length === 0 ? text : `${text}; did you mean ${didYouMean.join(' or ')}?`
}

/** `line:column`, both from 1. */
function place(query: string, offset: number): string {
  const before = query.slice(0, offset)
  return `${before.split('\n').length}:${offset - before.lastIndexOf('\n')}`
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= TEXT_MAX ? line : `${line.slice(0, TEXT_MAX - 1)}…`
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}
