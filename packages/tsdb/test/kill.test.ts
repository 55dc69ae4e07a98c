import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Matcher, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { expect, test } from 'vitest'
import { openStore } from '../src/index.ts'

const committer = fileURLToPath(new URL('./committer.ts', import.meta.url))
const KILLS = 8

/** Lets the committer run for a while after its first commit, kills it, and gives the last batch that it saw acknowledged. */
async function runAndKill(path: string, start: number, first: number, afterMs: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [committer, path, `${start}`, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
    output += text
  })
  const [code, signal] = await once(child, 'close')
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return Number(output.trimEnd().split('\n').at(-1))
}

test(`kill -9 loses nothing that was acknowledged and leaves no half batch (${KILLS} times)`, async () => {
  const path = mkdtempSync(join(tmpdir(), 'promlet-kill-'))
  const start = Date.now() - 86_400_000
  let next = 0
  let kills = 0
  for (; kills < KILLS; kills++) {
    const acknowledged = await runAndKill(path, start, next, 20 + ((kills * 7919) % 400))
    // What a kill has left behind can be read before anyone writes again.
    const reader = await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry(), readonly: true })
    expect(reader.stats().series).toBeGreaterThan(40)
    await reader.close()
    const store = await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry() })
    const [rows = [], single = []] = await store.select([
      { matchers: [new Matcher('__name__', '=', 'batch')], from: start, to: Infinity },
      { matchers: [new Matcher('__name__', '=', 'one_of_many')], from: start, to: Infinity },
    ])
    const newest = Math.max(...(rows[0]?.values ?? []))
    expect(newest).toBeGreaterThanOrEqual(acknowledged)
    expect(rows).toHaveLength(40)
    const all = Array.from({ length: newest + 1 }, (_, batch) => batch)
    for (const { values } of rows) expect([...values]).toEqual(all)
    expect(single.flatMap(({ values }) => [...values]).sort((left, right) => left - right)).toEqual(all)
    expect((await store.verify()).problems).toEqual([])
    await store.close()
    next = newest + 1
  }
  rmSync(path, { recursive: true })
  expect(next).toBeGreaterThan(KILLS * 10)
})
