import type { Appender, SeriesRef } from '@promlet/model'
import type { SequenceValue, SeriesDescription } from '../syntax/ast.ts'
import { withResetHints } from '../syntax/reset-hints.ts'
import type { LoadCommand, LoadSeries } from './command.ts'
import { nhcbSeries } from './nhcb.ts'
import type { ScriptStorage } from './storage.ts'

/** Writes the samples of a `load` command. @throws Error when the store refuses one. */
export async function load(command: LoadCommand, storage: ScriptStorage): Promise<void> {
  await using appender = storage.appender()
  const native = command.withNhcb ? nhcbSeries(command.series) : []
  // Of two lines for one series the later holds.
  const series: ReadonlyMap<string, Pick<LoadSeries, 'labels' | 'values' | 'startTimes'>> = new Map(
    [...command.series, ...native].map((line: LoadSeries | SeriesDescription) => [line.labels.key, line]),
  )
  for (const { labels, values, startTimes } of series.values()) {
    const ref = appender.series(labels)
    for (const [index, value] of withResetHints(values).entries()) {
      const at = index * command.step
      const start = startTimes?.[index]
      append(appender, ref, at, value, start === undefined ? 0 : at + start)
    }
  }
  const refusals = await appender.commit()
  if (refusals.example !== undefined) throw new Error(`line ${command.line}: ${refusals.example}`)
}

function append(appender: Appender, ref: SeriesRef, at: number, value: SequenceValue, startAt: number): void {
  if (value === undefined) return
  if (value.kind === 'float') appender.append(ref, at, value.value, startAt)
  else if (value.kind === 'stale') appender.appendStale(ref, at)
  else appender.appendHistogram(ref, at, value.histogram, startAt)
}
