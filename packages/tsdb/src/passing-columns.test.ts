import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStaleAt, Labels, Matcher, type SeriesColumns } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, expect, test } from 'vitest'
import { openStore, type Store } from './index.ts'
import { DATABASE_FILE, migrations } from './schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-passing-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1, 12)
const STEP = 15_000
const SERIES = 200
const open = (name: string): Promise<Store> =>
  openStore({ path: join(root, name), clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry() })

const labelsOf = (index: number) =>
  Labels.of({ __name__: 'http_requests_total', path: `/${index % 10}`, instance: `host-${Math.floor(index / 10)}` })

/** Some steps of all series; series end and begin, and some samples come late. */
async function write(store: Store, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    await using appender = store.appender()
    for (let index = step > 40 ? 3 : 0; index < (step < 20 ? SERIES - 5 : SERIES); index++) {
      const ref = appender.series(labelsOf(index))
      const at = NOW - 3_600_000 + step * STEP
      if (step === 40 && index < 3) appender.appendStale(ref, at)
      else appender.append(ref, at, index % 3 === 0 ? step * index : step / (index + 1))
    }
    await appender.commit()
  }
}

async function select(store: Store, path: string, passing: boolean): Promise<readonly SeriesColumns[]> {
  const matchers = [new Matcher('__name__', '=', 'http_requests_total'), new Matcher('path', '=~', path)]
  const [found = []] = await store.select([{ matchers, from: NOW - 3_600_000 + 5 * STEP, to: NOW }], { passing })
  return found
}

const copy = ({ labels, times, values }: SeriesColumns) => ({
  labels: labels.key,
  times: [...times],
  values: Array.from(values, (value, index) => (isStaleAt(values, index) ? 'stale' : value)),
})

test('values that pass are those that stay, from blocks and batches, for neighbours and for single series', async () => {
  const store = await open('same')
  await write(store, 0, 30)
  await store.compactNow()
  await write(store, 30, 60)
  await store.compactNow()
  await write(store, 60, 70)
  for (const path of ['/.*', '/3', '/[1-4]', '/[0159]', '/(2|7)', '/none']) {
    const staying = await select(store, path, false)
    const passing = await select(store, path, true)
    expect(passing.map(copy)).toEqual(staying.map(copy))
    // In any order, and again.
    expect(passing.toReversed().map(copy)).toEqual(staying.toReversed().map(copy))
  }
  await store.close()
})

test('a chunk that is missing or damaged is told', async () => {
  const store = await open('damaged')
  await write(store, 0, 30)
  await store.compactNow()
  await store.close()
  const database = openDatabase({ path: join(root, 'damaged', DATABASE_FILE), migrations })
  const chunks = database.prepare('SELECT id FROM chunk ORDER BY id').pluck().all() as number[]
  const flip = database.prepare('UPDATE chunk SET data = CAST(substr(data, 1, length(data) - 1) AS BLOB) WHERE id = ?')
  flip.run(chunks[17])
  database.prepare('DELETE FROM chunk WHERE id = ?').run(chunks[100])
  database.close()
  const again = await open('damaged')
  await expect(select(again, '/7', true)).rejects.toThrow(`chunk ${chunks[17]}: its checksum does not fit its content`)
  await expect(select(again, '/0', true)).rejects.toThrow(`chunk ${chunks[100]}: block 1 has it and it cannot be found`)
  expect(await select(again, '/3', true)).toHaveLength(SERIES / 10)
  await again.close()
})
