// SQLite's log: nobody moves it on the thread of commits, it stays short however small commits are, and a reader that holds it
// up is no harm once it is gone.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { closeDatabase, openDatabase } from '@promlet/sqlite'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { migrations } from '../src/schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-log-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const MIB = 2 ** 20
const START = Date.UTC(2026, 0, 1)

class Subject implements AsyncDisposable {
  readonly path: string
  readonly registry: Registry = createRegistry()
  readonly clock = new VirtualClock(START + 3_600_000)
  #store!: Store
  #commits = 0

  constructor(name: string) {
    this.path = join(root, name)
  }

  async open(): Promise<this> {
    this.#store = await openStore({ path: this.path, clock: this.clock, logger: silentLogger, registry: this.registry })
    return this
  }

  /** Commits of one sample each. Gives the greatest size that the log had. */
  async write(commits: number, turns: boolean): Promise<number> {
    let most = 0
    for (let end = this.#commits + commits; this.#commits < end; this.#commits++) {
      await using appender = this.#store.appender()
      appender.append(appender.series(Labels.of({ __name__: 'up' })), START + this.#commits * 100, 1)
      await appender.commit()
      if (turns && this.#commits % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      most = Math.max(most, this.size('store.db-wal'))
    }
    return most
  }

  size(file: string): number {
    return statSync(join(this.path, file)).size
  }

  async metric(name: string): Promise<number | undefined> {
    return (await this.registry.getSingleMetric(name)?.get())?.values[0]?.value
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.close()
  }
}

describe('the log', () => {
  test('is not moved by a commit, also when it has more pages than SQLite moves by itself', async () => {
    await using subject = await new Subject('still').open()
    const before = subject.size('store.db')
    // The worker has no turn meanwhile to say that it is done, and may have moved what came before.
    expect(await subject.write(400, false)).toBeGreaterThan(3 * MIB)
    expect(subject.size('store.db')).toBe(before)
  })

  test('stays below 32 MiB and a bit while small commits go on without a pause', async () => {
    await using subject = await new Subject('small').open()
    expect(await subject.write(5_500, true)).toBeLessThan(40 * MIB)
    expect(subject.size('store.db')).toBeGreaterThan(8192)
  })

  test('grows while a reader is held open, as its metric says, and is gone when the store falls quiet then', async () => {
    await using subject = await new Subject('held').open()
    await subject.write(10, true)
    const reader = openDatabase({ path: join(subject.path, 'store.db'), migrations, readonly: true })
    reader.exec('BEGIN; SELECT count(*) FROM batch')
    await subject.write(1_500, true)
    const held = subject.size('store.db-wal')
    expect(held).toBeGreaterThan(11 * MIB)
    expect(await subject.metric('prometheus_tsdb_wal_storage_size_bytes')).toBe(held)
    reader.exec('COMMIT')
    closeDatabase(reader)
    await subject.write(1, true)
    await subject.clock.advance(5_000)
    expect(subject.size('store.db-wal')).toBe(0)
  })
})
