import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appendableContract, type ContractStore, queryableContract, VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, test } from 'vitest'
import { openStore } from './index.ts'

const NOW = Date.UTC(2026, 0, 1, 12)

async function openContract(path: string): Promise<ContractStore> {
  const store = await openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry() })
  return {
    appendable: store,
    queryable: store,
    now: NOW,
    async [Symbol.asyncDispose]() {
      await store.close()
      if (path !== ':memory:') rmSync(path, { recursive: true })
    },
  }
}

const places = { 'a file': () => mkdtempSync(join(tmpdir(), 'promlet-tsdb-')), memory: () => ':memory:' }

for (const [place, path] of Object.entries(places)) {
  describe(`the store in ${place} keeps the contract of Appendable`, () => {
    for (const { title, run } of appendableContract) test(title, async () => run(await openContract(path())))
  })
  describe(`the store in ${place} keeps the contract of Queryable`, () => {
    for (const { title, run } of queryableContract) test(title, async () => run(await openContract(path())))
  })
}
