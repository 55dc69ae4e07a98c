export { StorageError } from './error.ts'
export type { ExemplarSelection, SeriesExemplars } from './exemplars.ts'
export { openStore, type Store, type StoreOptions, type StoreSettings } from './store.ts'
