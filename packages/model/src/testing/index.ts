export { MemoryStore } from './memory-store.ts'
export { VirtualClock } from './virtual-clock.ts'
