// Statements that fail in the middle of what has to happen whole or not at all. SQLite is made to refuse single ones.

import { Labels, Matcher, type Refusals } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { type Database, openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { migrations } from '../src/schema.ts'
import { SqliteStore } from '../src/store.ts'

const NOW = Date.UTC(2026, 0, 1)
const ALWAYS = { from: 0, to: NOW }

class Subject {
  readonly database: Database
  readonly store: SqliteStore

  constructor() {
    this.database = openDatabase({ path: ':memory:', migrations })
    const options = { path: ':memory:', clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry() }
    this.store = new SqliteStore({ ...options, retentionTimeMs: 1e12 }, this.database, undefined)
  }

  /** Makes one kind of statement fail until the disposal. */
  failing(event: string): Disposable {
    this.database.exec(`CREATE TEMP TRIGGER refused BEFORE ${event} BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`)
    return { [Symbol.dispose]: () => this.database.exec('DROP TRIGGER refused') }
  }

  count(table: string): number {
    return this.database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() as number
  }

  /** A row, single samples and an exemplar, of series that begin with this batch. */
  async write(names: readonly string[], at: number): Promise<Refusals> {
    await using appender = this.store.appender()
    const refs = names.map((instance) => appender.series(Labels.of({ __name__: 'up', instance })))
    appender.appendRow(appender.layout(refs), at, new Float64Array(refs.length).fill(1), new Uint8Array(refs.length).fill(1))
    for (const instance of names) appender.append(appender.series(Labels.of({ __name__: 'single', instance })), at, 2)
    const [first = 0] = refs
    appender.appendExemplar(first, { labels: Labels.of({ trace_id: 'a' }), value: 1, at })
    return appender.commit()
  }

  /** Samples per series. */
  async content(): Promise<Record<string, number>> {
    const [found = []] = await this.store.select([{ matchers: [], ...ALWAYS }])
    return Object.fromEntries(found.map(({ labels, times }) => [`${labels.get('__name__')} ${labels.get('instance')}`, times.length]))
  }

  async problems(): Promise<readonly string[]> {
    return (await this.store.verify()).problems
  }
}

describe('a commit that fails at its end', () => {
  test('leaves nothing, and the same batch comes in whole later', async () => {
    const subject = new Subject()
    await subject.write(['a', 'b'], NOW - 3000)
    const before = await subject.content()
    {
      using _ = subject.failing('INSERT ON exemplar')
      await expect(subject.write(['a', 'b', 'c'], NOW - 2000)).rejects.toThrow('refused by the test')
    }
    expect(await subject.content()).toEqual(before)
    expect(subject.count('batch')).toBe(2)
    expect(await subject.problems()).toEqual([])
    expect((await subject.write(['a', 'b', 'c'], NOW - 2000)).example).toBeUndefined()
    expect(await subject.content()).toEqual({ 'single a': 2, 'single b': 2, 'single c': 1, 'up a': 2, 'up b': 2, 'up c': 1 })
    expect(await subject.problems()).toEqual([])
    await subject.store.close()
  })

  test('leaves no trace of its series in the index', async () => {
    const subject = new Subject()
    await subject.write(['a'], NOW - 3000)
    {
      using _ = subject.failing('INSERT ON exemplar')
      await expect(subject.write(['never'], NOW - 2000)).rejects.toThrow('refused by the test')
    }
    await subject.write(['b'], NOW - 1000)
    expect(await subject.store.labelValues('instance', ALWAYS, [])).toEqual(['a', 'b'])
    expect(await subject.problems()).toEqual([])
    await subject.store.close()
  })
})

describe('a change of blocks that fails at its end', () => {
  test('leaves the batches, and no block', async () => {
    const subject = new Subject()
    await subject.write(['a', 'b'], NOW - 3000)
    const before = await subject.content()
    {
      using _ = subject.failing('UPDATE ON state')
      await expect(subject.store.compactNow()).rejects.toThrow('refused by the test')
    }
    expect(subject.count('block')).toBe(0)
    expect(await subject.content()).toEqual(before)
    await subject.store.compactNow()
    expect(subject.count('block')).toBe(1)
    expect(await subject.content()).toEqual(before)
    expect(await subject.problems()).toEqual([])
    await subject.store.close()
  })

  test('leaves what was to be deleted', async () => {
    const subject = new Subject()
    for (const at of [NOW - 3000, NOW - 2000]) await subject.write(['a', 'b'], at)
    await subject.store.compactNow()
    const before = await subject.content()
    const deleting = () => subject.store.deleteSeries({ from: 0, to: NOW - 2500 }, [[new Matcher('instance', '=', 'a')]])
    {
      using _ = subject.failing('DELETE ON block')
      await expect(deleting()).rejects.toThrow('refused by the test')
    }
    expect(subject.count('block')).toBe(1)
    expect(await subject.content()).toEqual(before)
    await deleting()
    expect(await subject.content()).toEqual({ ...before, 'up a': 1, 'single a': 1 })
    expect(await subject.problems()).toEqual([])
    await subject.store.close()
  })

  test('leaves series whole in the index', async () => {
    const subject = new Subject()
    await subject.write(['a', 'b'], NOW - 3000)
    await subject.store.compactNow()
    const deleting = () => subject.store.deleteSeries(ALWAYS, [[new Matcher('instance', '=', 'a')]])
    {
      using _ = subject.failing('DELETE ON posting')
      await expect(deleting()).rejects.toThrow('refused by the test')
    }
    expect(await subject.problems()).toEqual([])
    await deleting()
    expect(await subject.store.labelValues('instance', ALWAYS, [])).toEqual(['b'])
    expect(await subject.problems()).toEqual([])
    await subject.store.close()
  })
})
