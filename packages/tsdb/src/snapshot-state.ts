import type { Database, Statement } from '@promlet/sqlite'

/** What tells a reader which of its caches still hold: it reads this first, in its own transaction. */
export interface State {
  /** Changes when series leave the index. That series came is told by `seriesMax`. */
  readonly indexGeneration: number
  /** Changes with the blocks. */
  readonly blockGeneration: number
  /** Batches up to this id are in blocks and only wait to be deleted. */
  readonly batchFloor: number
  readonly batchMax: number
  readonly seriesMax: number
  readonly pairMax: number
}

/** Reads the state in microseconds; inside a transaction when the batches and blocks that follow must fit it. */
export function stateReader(database: Database): () => State {
  const statement: Statement<[], State> = database.prepare(`
    SELECT index_generation AS indexGeneration, block_generation AS blockGeneration, batch_floor AS batchFloor,
      max(batch_floor, coalesce((SELECT max(id) FROM batch), 0)) AS batchMax,
      coalesce((SELECT max(id) FROM series), 0) AS seriesMax,
      coalesce((SELECT max(id) FROM label_pair), 0) AS pairMax
    FROM state`)
  const read = () => statement.get() as State
  return database.readonly ? read : rememberedUntilWritten(database, read)
}

/** Nobody but the writer's connection changes the store, so that what it read holds until it has written. */
function rememberedUntilWritten(database: Database, read: () => State): () => State {
  const writtenRows: Statement<[], number> = database.prepare<[], number>('SELECT total_changes()').pluck()
  let known: State | undefined
  let knownAt = -1
  return () => {
    // What a transaction has written may yet be rolled back.
    if (database.inTransaction) return read()
    const now = writtenRows.get() as number
    if (known !== undefined && now === knownAt) return known
    known = read()
    knownAt = now
    return known
  }
}
