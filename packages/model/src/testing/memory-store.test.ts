import { describe, test } from 'vitest'
import { appendableContract, type ContractStore, MemoryStore, queryableContract } from './index.ts'

function open(): ContractStore {
  const store = new MemoryStore()
  return { appendable: store, queryable: store, now: Date.UTC(2026, 0, 1, 12), [Symbol.asyncDispose]: async () => {} }
}

describe('MemoryStore keeps the contract of Appendable', () => {
  for (const { title, run } of appendableContract) test(title, () => run(open()))
})

describe('MemoryStore keeps the contract of Queryable', () => {
  for (const { title, run } of queryableContract) test(title, () => run(open()))
})
