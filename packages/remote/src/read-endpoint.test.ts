import { Labels, Matcher, type Queryable } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import { ReadEndpoint, type ReadEndpointOptions } from './read-endpoint.ts'

const MINUTE = 60_000
const defaults = { readRecent: true, requiredMatchers: Labels.empty, filterExternalLabels: true }
const up = [new Matcher('__name__', '=', 'up')]

/** Ten minutes of two clusters, and an endpoint of what reads them. */
async function open(options: Partial<ReadEndpointOptions>) {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const cluster of ['lab', 'shop']) {
    const ref = appender.series(Labels.of({ __name__: 'up', cluster, instance: 'a' }))
    for (let minute = 0; minute <= 10; minute++) appender.append(ref, minute * MINUTE, 1)
  }
  await appender.commit()
  const asked: string[] = []
  const reader: Pick<Queryable, 'select' | 'series'> = {
    select(selections, rest) {
      for (const { matchers, from, to } of selections) asked.push(`{${matchers.join(',')}} ${from / MINUTE}-${to / MINUTE}`)
      return store.select(selections, rest)
    },
    series: (range, matcherSets, rest) => store.series(range, matcherSets, rest),
  }
  const endpoint = new ReadEndpoint({ config: defaults, externalLabels: Labels.empty, startTime: () => 0, reader, ...options })
  const read = async (matchers = up, to = 10 * MINUTE) => {
    const [found = []] = await endpoint.select([{ matchers, from: 0, to }])
    return found.map(({ labels, times }) => `${labels} ${times.length}`)
  }
  return { endpoint, asked, read }
}

describe('an entry of remote_read', () => {
  test('asks for what the query asks for', async () => {
    const { read, asked } = await open({})
    expect(await read()).toEqual(['{__name__="up", cluster="lab", instance="a"} 11', '{__name__="up", cluster="shop", instance="a"} 11'])
    expect(asked).toEqual(['{__name__="up"} 0-10'])
  })

  test("asks for series with this server's external labels, and takes these off", async () => {
    const { read, asked, endpoint } = await open({ externalLabels: Labels.of({ cluster: 'shop' }) })
    expect(await read()).toEqual(['{__name__="up", instance="a"} 11'])
    expect(asked).toEqual(['{__name__="up",cluster="shop"} 0-10'])
    expect((await endpoint.series({ from: 0, to: MINUTE }, [up])).map(String)).toEqual(['{__name__="up", instance="a"}'])
  })

  test('leaves an external label alone that the query asks for, or when it is told to', async () => {
    const lab = await open({ externalLabels: Labels.of({ cluster: 'shop' }) })
    expect(await lab.read([...up, new Matcher('cluster', '=~', 'lab')])).toEqual(['{__name__="up", cluster="lab", instance="a"} 11'])
    const all = await open({ externalLabels: Labels.of({ cluster: 'shop' }), config: { ...defaults, filterExternalLabels: false } })
    expect(await all.read()).toHaveLength(2)
  })

  test('is not asked where a required matcher is missing, or is no equality', async () => {
    const { read, asked } = await open({ config: { ...defaults, requiredMatchers: Labels.of({ cluster: 'lab' }) } })
    expect(await read()).toEqual([])
    expect(await read([...up, new Matcher('cluster', '=~', 'lab')])).toEqual([])
    expect(asked).toEqual([])
    expect(await read([...up, new Matcher('cluster', '=', 'lab')])).toHaveLength(1)
  })

  test('is asked only for times before the first sample here, unless it is to be read for recent ones too', async () => {
    const older = await open({ config: { ...defaults, readRecent: false }, startTime: () => 4 * MINUTE })
    expect(await older.read()).toEqual([
      '{__name__="up", cluster="lab", instance="a"} 5',
      '{__name__="up", cluster="shop", instance="a"} 5',
    ])
    expect(older.asked).toEqual(['{__name__="up"} 0-4'])
    const none = await open({ config: { ...defaults, readRecent: false }, startTime: () => -MINUTE })
    expect(await none.read()).toEqual([])
    const empty = await open({ config: { ...defaults, readRecent: false }, startTime: () => Infinity })
    expect(await empty.read()).toHaveLength(2)
  })

  test('keeps the places of selections that it is not asked for', async () => {
    const { endpoint } = await open({ config: { ...defaults, requiredMatchers: Labels.of({ cluster: 'lab' }) } })
    const lab = { matchers: [...up, new Matcher('cluster', '=', 'lab')], from: 0, to: MINUTE }
    const results = await endpoint.select([{ matchers: up, from: 0, to: MINUTE }, lab])
    expect(results.map((series) => series.length)).toEqual([0, 1])
  })
})
