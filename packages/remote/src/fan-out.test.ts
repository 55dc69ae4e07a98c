import { type Appendable, type Appender, Labels, Matcher } from '@promlet/model'
import { appendableContract, MemoryStore } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { fanOut } from './fan-out.ts'

const up = (instance: string) => Labels.of({ __name__: 'up', job: 'node', instance })

async function stored(store: MemoryStore) {
  const [series = []] = await store.select([{ matchers: [new Matcher('__name__', '=~', '.+')], from: -Infinity, to: Infinity }])
  return series.map(({ labels, times, values }) => [labels.get('instance'), [...times], [...values]])
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A store that is changed on its way: an appender whose methods can be replaced. */
function changed(store: MemoryStore, change: (appender: Appender) => Partial<Appender>): Appendable {
  return {
    appender() {
      const appender = store.appender()
      return Object.assign(appender, change(appender))
    },
  }
}

describe('a fan-out', () => {
  test('appends rows, samples, stale markers, exemplars and metadata to all', async () => {
    const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const
    // Their references must not be the same by chance.
    stores[1].resolve(up('other'))
    const all = fanOut(stores[0], [stores[1], stores[2]])
    for (const at of [1000, 2000]) {
      await using appender = all.appender()
      const refs = [appender.series(up('web-1')), appender.series(up('web-2'))]
      appender.appendRow(appender.layout(refs), at, Float64Array.of(1, 0), Uint8Array.of(1, 1))
      appender.append(refs[0] as number, at + 1, 5)
      appender.appendStale(refs[1] as number, at + 1)
      appender.appendExemplar(refs[0] as number, { labels: Labels.of({ trace_id: 'x' }), value: 5 })
      appender.setMetadata('up', { type: 'gauge', help: 'Up.', unit: '' })
      expect(await appender.commit()).toMatchObject({ outOfOrder: 0, retired: [] })
    }
    await settled()
    for (const store of stores) {
      expect(await stored(store)).toEqual(await stored(stores[0]))
      expect([store.exemplars.length, store.metadata.size]).toEqual([2, 1])
    }
    expect(await stored(stores[0])).toEqual([
      ['web-1', [1000, 1001, 2000, 2001], [1, 5, 1, 5]],
      ['web-2', [1000, 1001, 2000, 2001], [0, Number.NaN, 0, Number.NaN]],
    ])
  })

  test('awaits the primary only, and hands on the failures of the others', async () => {
    const store = new MemoryStore()
    const failures: unknown[] = []
    const never = changed(new MemoryStore(), () => ({ commit: () => new Promise(() => {}) }))
    const failing = changed(new MemoryStore(), () => ({ commit: () => Promise.reject(new Error('queue full')) }))
    await using appender = fanOut(store, [never, failing], (error) => failures.push(error)).appender()
    appender.append(appender.series(up('web-1')), 1000, 1)
    await appender.commit()
    await settled()
    expect(await stored(store)).toHaveLength(1)
    expect(failures).toEqual([new Error('queue full')])
  })

  test('commits nothing to the others when the primary fails', async () => {
    const other = new MemoryStore()
    const failing = changed(new MemoryStore(), () => ({ commit: () => Promise.reject(new Error('disk full')) }))
    {
      await using appender = fanOut(failing, [other]).appender()
      appender.append(appender.series(up('web-1')), 1000, 1)
      await expect(appender.commit()).rejects.toThrow('disk full')
    }
    expect(await stored(other)).toEqual([])
  })

  test('resolves a series again that another one has forgotten, also in layouts', async () => {
    const other = new MemoryStore()
    let forgets = false
    const forgetful = changed(other, (appender) => {
      const commit = appender.commit.bind(appender)
      return { commit: async () => ({ ...(await commit()), retired: forgets ? [0] : [] }) }
    })
    let resolved = 0
    const counting = {
      appender() {
        const appender = forgetful.appender()
        const series = appender.series.bind(appender)
        return Object.assign(appender, {
          series(labels: Labels) {
            resolved++
            return series(labels)
          },
        })
      },
    }
    const all = fanOut(new MemoryStore(), [counting])
    await using first = all.appender()
    const layout = first.layout([first.series(up('web-1')), first.series(up('web-2'))])
    const row = (appender: Appender, at: number) => appender.appendRow(layout, at, Float64Array.of(1, 2), Uint8Array.of(1, 1))
    row(first, 1000)
    forgets = true
    await first.commit()
    await settled()
    forgets = false
    for (const at of [2000, 3000]) {
      await using appender = all.appender()
      row(appender, at)
      await appender.commit()
    }
    await settled()
    expect(resolved).toBe(3)
    expect((await stored(other)).map(([, times]) => times)).toEqual([
      [1000, 2000, 3000],
      [1000, 2000, 3000],
    ])
  })

  test('commits a batch that is to be whole to all or to none, and again with what is new', async () => {
    const stores = [new MemoryStore(), new MemoryStore()] as const
    const all = fanOut(stores[0], [stores[1]])
    const write = async (refs: readonly number[], at: number) => {
      await using appender = all.appender()
      for (const ref of refs) appender.append(ref, at, 1)
      const { retired } = await appender.commit({ whole: true })
      await settled()
      return retired
    }
    const resolve = () => [all.appender().series(up('web-1')), all.appender().series(up('web-2'))]
    const refs = resolve()
    await write(refs, 1000)
    stores[0].remove(up('web-1'))
    expect(await write(refs, 2000)).toEqual([refs[0]])
    // Since it is not known any more what to call it elsewhere.
    expect(await write(refs, 2000)).toEqual([refs[0]])
    expect(await stored(stores[1])).toEqual([
      ['web-1', [1000], [1]],
      ['web-2', [1000], [1]],
    ])
    expect(await write(resolve(), 2000)).toEqual([])
    expect((await stored(stores[1])).map(([, times]) => times)).toEqual([
      [1000, 2000],
      [1000, 2000],
    ])
  })
})

describe('a fan-out keeps the contract of an appendable', () => {
  for (const { title, run } of appendableContract) {
    test(title, async () => {
      const store = new MemoryStore()
      const dispose = async () => {}
      await run({
        appendable: fanOut(store, [new MemoryStore()]),
        queryable: store,
        now: 1_700_000_000_000,
        [Symbol.asyncDispose]: dispose,
      })
    })
  }
})
