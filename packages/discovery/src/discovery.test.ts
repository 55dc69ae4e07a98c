import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DiscoveryConfig } from '@promlet/config'
import { type Clock, systemClock } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Discovery, startDiscovery, type TargetGroups } from './index.ts'

let folder: string
let running: Discovery | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promlet-discovery-'))
})

afterEach(async () => {
  await running?.close()
  await rm(folder, { recursive: true })
})

async function start(config: Record<string, readonly DiscoveryConfig[]>, clock: Clock, updateIntervalMs = 5000) {
  const updates: TargetGroups[] = []
  const registry = createRegistry()
  const onUpdate = (groups: TargetGroups) => void updates.push(groups)
  const options = { name: 'scrape', clock, logger: silentLogger, registry, onUpdate, updateIntervalMs } as const
  const discovery = await startDiscovery({ ...options, config: new Map(Object.entries(config)) })
  running = discovery
  const value = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value
  return {
    discovery,
    updates,
    value,
    reload: (next: Record<string, readonly DiscoveryConfig[]>) => discovery.reload(new Map(Object.entries(next))),
  }
}

/** The addresses per job, with the labels of their groups where there are any. */
function addresses(groups: TargetGroups | undefined): Record<string, string[]> {
  const found = [...(groups ?? [])].map(
    ([job, list]) => [job, list.flatMap(({ targets }) => targets.map((labels) => labels.get('__address__')))] as const,
  )
  return Object.fromEntries(found)
}

const node: DiscoveryConfig = { kind: 'static', groups: [{ targets: ['node:9100', 'node2:9100'], labels: { env: 'dev' } }] }
const files = (...names: string[]): DiscoveryConfig => ({
  kind: 'file',
  files: names.map((name) => join(folder, name)),
  refreshIntervalMs: 60_000,
})
const write = (name: string, ...targets: string[]) => writeFile(join(folder, name), JSON.stringify([{ targets, labels: { from: name } }]))

describe('discovery', () => {
  test('gives static targets at once', async () => {
    const { updates, value } = await start({ node: [node], empty: [] }, new VirtualClock())
    expect(updates).toHaveLength(1)
    const group = updates[0]?.get('node')?.[0]
    expect(group?.source).toBe('0')
    expect(group?.targets.map((labels) => labels.toJSON())).toEqual([{ __address__: 'node:9100' }, { __address__: 'node2:9100' }])
    expect(group?.labels.toJSON()).toEqual({ env: 'dev' })
    expect(updates[0]?.get('empty')).toEqual([])
    expect(await value('prometheus_sd_discovered_targets')).toBe(2)
  })

  test('gives the targets of files with the path that they came from', async () => {
    await write('web.json', 'web:8080')
    await writeFile(join(folder, 'db.yml'), '- targets: [db:9187]\n  labels: {tier: data}\n- targets: [db2:9187]\n')
    const { updates } = await start({ all: [files('*.json', 'd?.yml')] }, new VirtualClock())
    expect(updates[0]?.get('all')?.map(({ source, labels }) => [source, labels.toJSON()])).toEqual([
      [join(folder, 'web.json:0'), { __meta_filepath: join(folder, 'web.json'), from: 'web.json' }],
      [join(folder, 'db.yml:0'), { __meta_filepath: join(folder, 'db.yml'), tier: 'data' }],
      [join(folder, 'db.yml:1'), { __meta_filepath: join(folder, 'db.yml') }],
    ])
  })

  test('finds changed, new and removed files at the refresh interval', async () => {
    const clock = new VirtualClock()
    await write('a.json', 'a:1')
    const { updates } = await start({ all: [files('*.json')] }, clock)
    await write('a.json', 'a:2')
    await write('b.json', 'b:1')
    await clock.advance(60_000)
    expect(addresses(updates.at(-1))).toEqual({ all: ['a:2', 'b:1'] })
    await rm(join(folder, 'a.json'))
    await clock.advance(60_000)
    expect(addresses(updates.at(-1))).toEqual({ all: ['b:1'] })
  })

  test('keeps the groups of a file that is broken, and counts the error', async () => {
    const clock = new VirtualClock()
    await write('a.json', 'a:1')
    const { updates, value } = await start({ all: [files('a.json')] }, clock)
    await writeFile(join(folder, 'a.json'), '[{"targets": ["a:')
    await clock.advance(60_000)
    expect(addresses(updates.at(-1))).toEqual({ all: ['a:1'] })
    expect(await value('prometheus_sd_file_read_errors_total')).toBeGreaterThan(0)
  })

  test('passes changes on at most every five seconds', async () => {
    const clock = new VirtualClock()
    await write('a.json', 'a:1')
    const quick: DiscoveryConfig = { kind: 'file', files: [join(folder, 'a.json')], refreshIntervalMs: 1000 }
    const { updates } = await start({ all: [quick] }, clock)
    for (const address of ['a:2', 'a:3', 'a:4', 'a:5']) {
      await write('a.json', address)
      await clock.advance(1000)
    }
    expect(updates).toHaveLength(1)
    await clock.advance(1000)
    expect(updates).toHaveLength(2)
    expect(addresses(updates[1])).toEqual({ all: ['a:5'] })
  })

  test('sees a file that was moved into place', async () => {
    await write('a.json', 'a:1')
    const { updates } = await start({ all: [files('a.json')] }, systemClock, 0)
    await write('a.json.new', 'a:2')
    await rename(join(folder, 'a.json.new'), join(folder, 'a.json'))
    await expect.poll(() => addresses(updates.at(-1)), { timeout: 10_000 }).toEqual({ all: ['a:2'] })
  })

  test('restarts at a reload only what changed, and tells everything at once', async () => {
    const clock = new VirtualClock()
    await write('a.json', 'a:1')
    const { updates, reload } = await start({ old: [node], all: [files('a.json')] }, clock)
    await write('a.json', 'not read yet')
    await reload({ all: [files('a.json')], fresh: [node] })
    expect(addresses(updates.at(-1))).toEqual({ all: ['a:1'], fresh: ['node:9100', 'node2:9100'] })
  })
})
