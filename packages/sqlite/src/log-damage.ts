// The log ends where a frame does not fit its checksum: what a crash cut off looks the same to SQLite as what was damaged
// later. But the index of the log, which outlives a killed process, says how far commits went. When less than that comes
// back, acknowledged commits are gone, and somebody has to be told.

import { constants, copyFileSync, readFileSync, statSync } from 'node:fs'
import { DatabaseError } from './error.ts'

/** SQLite: src/wal.c WalIndexHdr: two copies of 48 bytes, in the machine's byte order; frames are counted at 16. */
const HEADER_BYTES = 48
const IS_INITIALIZED_AT = 12
const FRAMES_AT = 16

/** How many frames of the log are committed, by its index; undefined where there is no index, or no whole one. */
export function committedFrames(path: string): number | undefined {
  let index: Buffer
  try {
    index = readFileSync(`${path}-shm`)
  } catch {
    return undefined
  }
  if (index.length < 2 * HEADER_BYTES || index[IS_INITIALIZED_AT] !== 1) return undefined
  if (!index.subarray(0, HEADER_BYTES).equals(index.subarray(HEADER_BYTES, 2 * HEADER_BYTES))) return undefined
  return new Uint32Array(Uint8Array.from(index.subarray(FRAMES_AT, FRAMES_AT + 4)).buffer)[0]
}

/** SQLite takes an empty file for a new database and throws its log away. @throws DatabaseError `corrupt` */
export function refuseEmptied(path: string): void {
  const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size
  if (size(path) !== 0 || (size(`${path}-wal`) ?? 0) === 0) return
  throw new DatabaseError('corrupt', `${path}: it is empty and its log is not: the file was cut off; both are left as they are`)
}

/** Compares the log as it was recovered with what was committed before, and puts a damaged one aside before it is written to. */
export function logDamage(path: string, framesBefore: number | undefined): DatabaseError | undefined {
  const frames = committedFrames(path) ?? 0
  if (framesBefore === undefined || framesBefore <= frames) return undefined
  const found = `its log is damaged: of ${framesBefore} pages that were committed to it, ${framesBefore - frames} cannot be read`
  return new DatabaseError('corrupt', `${path}: ${found}; what is before them is there, and ${setAside(`${path}-wal`)}`)
}

function setAside(log: string): string {
  for (let number = 1; number < 10; number++) {
    const copy = `${log}-damaged-${number}`
    try {
      copyFileSync(log, copy, constants.COPYFILE_EXCL)
      return `the damaged log is kept as ${copy}`
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return `the damaged log could not be kept: ${(error as Error).message}`
    }
  }
  return 'the damaged log is not kept: there are nine already'
}
