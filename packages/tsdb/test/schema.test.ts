import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { answersOf } from './fixtures/answers.ts'
import { openFixture } from './fixtures/open.ts'

const open = (path: string): Promise<Store> =>
  openStore({ path, clock: new VirtualClock(Date.UTC(2026, 5, 1, 2)), logger: silentLogger, registry: createRegistry() })

describe('a store of an older schema', () => {
  test('is brought to the new one when it is opened, and answers as it did, also after compaction', async () => {
    using fixture = openFixture('v1')
    const store = await open(fixture.folder)
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.compactNow()
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.close()
  })
})
