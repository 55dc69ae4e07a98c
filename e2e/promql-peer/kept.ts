// A query that was answered differently, as a script of the test language: with the samples it reads and the answer
// that it should have had. It stays in the repository, next to the fix.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Histogram, Labels, matchesAll } from '@promlet/model'
import { parseExpr, selectorsOf } from '@promlet/promql/syntax'
import { type Generated, TICK } from './data.ts'
import { fromJson, histogramNotation } from './histogram-notation.ts'
import type { Outcome } from './outcome.ts'

const folder = join(import.meta.dirname, 'kept')

/** When a query is asked, in seconds. */
export type Span = { readonly at: number } | { readonly start: number; readonly end: number; readonly step: number }

/** One query with what a real Prometheus answers. */
export interface Case {
  readonly query: string
  readonly span: Span
  readonly answer: Outcome
  /** True where the order of the series is part of the answer. */
  readonly ordered?: boolean
}

/** Writes a script; returns its path from where the tests run. */
export function keep(name: string, data: readonly Generated<number | Histogram>[], own: Case): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.test`)
  writeFileSync(file, scriptOf(data, own))
  return relative(process.cwd(), file)
}

/** The scripts that were kept, with their names. */
export function keptScripts(): readonly (readonly [name: string, text: string])[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')])
}

function scriptOf(data: readonly Generated<number | Histogram>[], { query, span, answer, ordered = false }: Case): string {
  const lines = [`load ${TICK}ms`, ...readBy(query, data).map(loadLine), '']
  lines.push('at' in span ? `eval instant at ${span.at}s ${query}` : rangeLine(query, span))
  if ('error' in answer) lines.push('  expect fail')
  else if (ordered) lines.push('  expect ordered')
  if ('samples' in answer) lines.push(...expectedLines(answer.samples, span))
  return `${lines.join('\n')}\n`
}

function rangeLine(query: string, { start, end, step }: Exclude<Span, { at: number }>): string {
  return `eval range from ${start}s to ${end}s step ${step}s ${query}`
}

/** The series that a query's selectors match. */
function readBy(query: string, data: readonly Generated<number | Histogram>[]): readonly Generated<number | Histogram>[] {
  const selectors = selectorsOf(parseExpr(query))
  return data.filter(({ labels }) => selectors.some((matchers) => matchesAll(matchers, Labels.of(labels))))
}

function loadLine({ labels, samples }: Generated<number | Histogram>): string {
  const items: string[] = []
  let next = 0
  for (const [at, value] of samples) {
    const tick = at / TICK
    if (tick > next) items.push(`_x${tick - next}`)
    items.push(typeof value === 'number' ? String(value) : histogramNotation(value))
    next = tick + 1
  }
  return `  ${Labels.of(labels)} ${items.join(' ')}`
}

function expectedLines(samples: ReadonlyMap<string, string>, span: Span): readonly string[] {
  const times = 'at' in span ? [span.at] : timesOf(span)
  const byLabels = new Map<string, Map<number, string>>()
  for (const [key, value] of samples) {
    const cut = key.lastIndexOf(' ')
    const labels = key.slice(0, cut)
    if (!byLabels.has(labels)) byLabels.set(labels, new Map())
    byLabels.get(labels)?.set(Number(key.slice(cut + 1)), value)
  }
  return [...byLabels].map(([labels, own]) => `  ${labels} ${times.map((at) => valueNotation(own.get(at))).join(' ')}`)
}

function valueNotation(text: string | undefined): string {
  return text === undefined ? '_' : text.startsWith('{') ? histogramNotation(fromJson(JSON.parse(text))) : text
}

function timesOf({ start, end, step }: Exclude<Span, { at: number }>): readonly number[] {
  return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
}
