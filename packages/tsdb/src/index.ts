export { StorageError } from './error.ts'
export type { ExemplarSelection, SeriesExemplars } from './exemplars.ts'
export { openStore } from './open.ts'
export type { Store, StoreOptions, StoreSettings } from './store.ts'
