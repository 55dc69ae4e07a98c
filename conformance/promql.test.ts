// Prometheus's own test scripts, which are the specification of the language. One test per eval; its title is
// where it stands.

import { systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { type EvalReport, listEvals, runScript } from '@promlet/promql'
import { describe, expect, test } from 'vitest'
import { conformanceFiles, conformanceText, hasConformance } from './data.ts'

/** Evals that are not expected to pass, by file and line, with the reason. */
const skipped: ReadonlyMap<string, string> = new Map([])

describe.skipIf(!hasConformance)('PromQL scripts', () => {
  for (const file of conformanceFiles('promql')) {
    describe(file, () => {
      const text = conformanceText(`promql/${file}`)
      const reports = lazily(async () => {
        const all = await runScript(text, { file, openStorage: () => new MemoryStore(), clock: systemClock })
        return new Map(all.map((report) => [report.line, report]))
      })
      for (const { line, query } of listEvals(text)) {
        const title = `${file}:${line} ${query}`
        const reason = skipped.get(`${file}:${line}`)
        if (reason !== undefined) test.skip(`${title} (${reason})`)
        else {
          test(title, async () => {
            const { failure } = (await reports()).get(line) as EvalReport
            if (failure !== undefined) {
              expect.fail(`${failure.message}\n--- expected\n${failure.expected}\n--- got\n${failure.got}`)
            }
          })
        }
      }
    })
  }
})

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
