export { type Checkpointer, type CheckpointMode, type CheckpointResult, createCheckpointer } from './checkpoint.ts'
export { closeDatabase, type Database, type Migration, type OpenOptions, openDatabase, type Statement, schemaVersion } from './database.ts'
export { asDatabaseError, DatabaseError, isSqliteError } from './error.ts'
export { lockOwnership } from './ownership.ts'
