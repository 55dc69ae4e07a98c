// `load` can give start timestamps: a line whose series ends in `@st` has, instead of values, durations relative to
// the samples of the line of the same series.

import { parseDuration } from '@promlet/model'
import { parseLabels, parseSeriesDescription } from '../syntax/series-description.ts'
import type { LoadSeries } from './command.ts'
import { atLine, fail, type ScriptLine } from './line.ts'

type StartTimes = readonly (number | undefined)[]

const DURATION = String.raw`(?:\d+(?:ms|[smhdwy]))+|\d+(?:\.\d+)?`
const ITEM = new RegExp(String.raw`^([+-]?)(${DURATION})(?:(?:([+-])(${DURATION}))?x(\d+))?$`)
const BLANK = /^_(?:x(\d+))?$/

/** The series of a load block, with their start timestamps. */
export function mergeStartTimes(block: readonly ScriptLine[]): readonly LoadSeries[] {
  const series: LoadSeries[] = []
  const startTimes = new Map<string, { line: ScriptLine; times: StartTimes }>()
  for (const line of block) {
    const { labels, end } = atLine(line, () => parseLabels(line.text))
    if (line.text.startsWith('@st', end)) startTimes.set(labels.key, { line, times: readTimes(line, line.text.slice(end + 3)) })
    else series.push({ line: line.number, ...atLine(line, () => parseSeriesDescription(line.text)) })
  }
  const merged = series.map((one): LoadSeries => {
    const found = startTimes.get(one.labels.key)
    startTimes.delete(one.labels.key)
    return found === undefined ? one : { ...one, startTimes: found.times }
  })
  for (const { line } of startTimes.values()) fail(line, 'start timestamps of a series that the block does not load')
  return merged
}

function readTimes(line: ScriptLine, text: string): StartTimes {
  const times: (number | undefined)[] = []
  for (const word of text.trim().split(/\s+/)) {
    const blank = BLANK.exec(word)
    const item = ITEM.exec(word)
    if (blank !== null) times.push(...Array<undefined>(Number(blank[1] ?? 1)).fill(undefined))
    else if (item !== null) times.push(...expand(line, item))
    else fail(line, `unexpected ${JSON.stringify(word)} in start timestamps`)
  }
  return times
}

function expand(line: ScriptLine, [, sign, start, stepSign, step, repeats]: readonly (string | undefined)[]): readonly number[] {
  const read = (text: string) => (/[a-z]/.test(text) ? atLine(line, () => parseDuration(text)) : Number(text) * 1000)
  const first = (sign === '-' ? -1 : 1) * read(start as string)
  const change = step === undefined ? 0 : (stepSign === '-' ? -1 : 1) * read(step)
  return Array.from({ length: Number(repeats ?? 0) + 1 }, (_, index) => first + index * change)
}
