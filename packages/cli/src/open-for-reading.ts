import { systemClock } from '@promlet/model'
import { createLogger, createRegistry } from '@promlet/telemetry'
import { openStore, type Store } from '@promlet/tsdb'

/** Opens a store that a server may be writing. What is damaged and left out is told on stderr. @throws StorageError */
export function openForReading(path: string): Promise<Store> {
  const logger = createLogger({ level: 'error', format: 'logfmt' })
  return openStore({ path, readonly: true, clock: systemClock, logger, registry: createRegistry() })
}
