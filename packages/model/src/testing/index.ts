export { MemoryStore } from './memory-store.ts'
export { appendableContract, type ContractCase, type ContractStore, queryableContract } from './store-contract.ts'
export { VirtualClock } from './virtual-clock.ts'
