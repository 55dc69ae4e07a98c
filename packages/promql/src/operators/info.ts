// info(): adds the data labels of info metrics (target_info and the like) to series of the same instance and job.
// Prometheus: promql/info.go.

import { Labels as LabelSet, type Labels, type Matcher, METRIC_NAME, QueryError } from '@promlet/model'
import { ABSENT, type Column, FLOAT, HISTOGRAM, histogramAt, makeColumn, putFloat, putHistogram } from '../columns/column.ts'
import type { InfoNode } from '../plan/node.ts'
import { collect, type Frame, FrameReader } from './frame.ts'
import { mergeFrame } from './merge.ts'
import type { Operator } from './operator.ts'

/** What says that two series are of one target. */
const IDENTIFYING = ['instance', 'job']

export class Info implements Operator {
  readonly #node: InfoNode
  readonly #base: Operator
  readonly #info: Operator
  #reader: Operator | undefined

  /** `info` yields the times of the info samples. */
  constructor(node: InfoNode, base: Operator, info: Operator) {
    this.#node = node
    this.#base = base
    this.#info = info
  }

  series(): readonly Labels[] {
    const steps = this.#node.grid.count
    const enriched = new Enrichment(this.#node, collect(this.#base, steps), collect(this.#info, steps)).run()
    this.#reader = new FrameReader(mergeFrame(enriched, steps))
    return this.#reader.series()
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }
}

class Enrichment {
  readonly #node: InfoNode
  readonly #base: Frame
  readonly #info: Frame
  readonly #nameMatchers: readonly Matcher[]
  readonly #dataMatchers: readonly Matcher[]
  readonly #dataNames: ReadonlySet<string>
  /** By metric name and identifying labels: the info series that may tell of a base series. */
  readonly #candidates = new Map<string, number[]>()
  readonly #infoNames: readonly string[]

  constructor(node: InfoNode, base: Frame, info: Frame) {
    this.#node = node
    this.#base = base
    this.#info = info
    this.#nameMatchers = node.matchers.filter(({ name }) => name === METRIC_NAME)
    this.#dataMatchers = node.matchers.filter(({ name }) => name !== METRIC_NAME)
    this.#dataNames = new Set(this.#dataMatchers.map(({ name }) => name))
    const isAsked = this.#askedFor()
    for (const [index, labels] of info.labels.entries()) if (isAsked(labels)) this.#file(index, labels)
    this.#infoNames = [...new Set(info.labels.map(({ metricName }) => metricName))]
  }

  /**
   * Prometheus asks its store for info series whose identifying labels have values that base series have. So one
   * without the label is not found as soon as a base series has it, nor is any where no base series is identified.
   */
  #askedFor(): (info: Labels) => boolean {
    const bases = this.#base.labels.filter(
      (labels, index) => (this.#base.columns[index] as Column).count > 0 && !this.#isInfoSeries(labels),
    )
    const asked = IDENTIFYING.map((name) => ({ name, values: new Set(bases.map((labels) => labels.get(name)).filter(Boolean)) }))
    const given = asked.filter(({ values }) => values.size > 0)
    return (info) => given.length > 0 && given.every(({ name, values }) => values.has(info.get(name)))
  }

  run(): Frame {
    const labels: Labels[] = []
    const columns: Column[] = []
    for (const [index, column] of this.#base.columns.entries()) {
      const own = this.#base.labels[index] as Labels
      if (this.#isInfoSeries(own)) {
        labels.push(own)
        columns.push(column)
        continue
      }
      for (const [enriched, part] of this.#split(own, column)) {
        labels.push(enriched)
        columns.push(part)
      }
    }
    return { labels, columns }
  }

  #file(index: number, labels: Labels): void {
    const key = keyOf(labels.metricName, labels)
    const filed = this.#candidates.get(key)
    if (filed === undefined) this.#candidates.set(key, [index])
    else filed.push(index)
  }

  /** Series that give information are not given any themselves. */
  #isInfoSeries(labels: Labels): boolean {
    return this.#nameMatchers.every((matcher) => matcher.matches(labels.metricName))
  }

  /** The parts of a base series by the labels that it gets: these change when its info series change. */
  #split(base: Labels, column: Column): Iterable<readonly [Labels, Column]> {
    const parts = new Map<string, readonly [Labels, Column]>()
    const keys = this.#infoNames.map((name) => keyOf(name, base))
    let lastChoice = ''
    let part: Column | undefined
    for (let step = 0; step < column.present.length; step++) {
      if (column.present[step] === ABSENT) continue
      const choice = keys.map((key) => this.#latest(key, step))
      const choiceKey = choice.join()
      if (part === undefined || choiceKey !== lastChoice) {
        lastChoice = choiceKey
        part = this.#part(base, choice, column.dropName, parts)
      }
      if (part !== undefined) copyStep(column, part, step)
    }
    return parts.values()
  }

  #part(base: Labels, choice: readonly number[], dropName: boolean, parts: Map<string, readonly [Labels, Column]>): Column | undefined {
    const found = choice.filter((index) => index >= 0)
    if (found.length === 0 && !this.#dataMatchers.every((matcher) => matcher.matchesEmpty)) return undefined
    const labels = this.#enrich(base, found)
    const known = parts.get(labels.key)
    if (known !== undefined) return known[1]
    const column = makeColumn(this.#node.grid.count)
    column.dropName = dropName
    parts.set(labels.key, [labels, column])
    return column
  }

  /** The info series with the newest sample at a step, or -1. */
  #latest(key: string, step: number): number {
    let latest = -1
    let latestAt = -Infinity
    for (const index of this.#candidates.get(key) ?? []) {
      const column = this.#info.columns[index] as Column
      if (column.present[step] === ABSENT) continue
      if (column.present[step] === HISTOGRAM) {
        throw new QueryError('execution', `this should be an info metric, with float samples: ${this.#info.labels[index]}`)
      }
      const at = column.values[step]!
      if (at === latestAt) throw this.#conflict(latest, index, at)
      if (at < latestAt) continue
      latest = index
      latestAt = at
    }
    return latest
  }

  #conflict(existing: number, added: number, at: number): QueryError {
    const time = Math.round(at * 1000)
    const [first, second] = [this.#info.labels[existing], this.#info.labels[added]]
    return new QueryError('execution', `found duplicate series for info metric: existing ${first} @ ${time}, new ${second} @ ${time}`)
  }

  #enrich(base: Labels, infos: readonly number[]): Labels {
    const added = new Map<string, string>()
    for (const index of infos) {
      for (const [name, value] of this.#info.labels[index] as Labels) {
        if (name === METRIC_NAME || (this.#dataNames.size > 0 && !this.#dataNames.has(name))) continue
        const other = added.get(name)
        if (other !== undefined && other !== value) throw new QueryError('execution', `conflicting label: ${name}`)
        // Labels that the series has already are its own.
        if (!base.has(name)) added.set(name, value)
      }
    }
    return added.size === 0 ? base : base.withAll(added)
  }
}

function keyOf(name: string, labels: Labels): string {
  return LabelSet.fromPairs([[METRIC_NAME, name], ...labels.only(...IDENTIFYING)]).key
}

function copyStep(source: Column, target: Column, step: number): void {
  const histogram = histogramAt(source, step)
  if (histogram !== undefined) putHistogram(target, step, histogram)
  else if (source.present[step] === FLOAT) putFloat(target, step, source.values[step]!)
}
