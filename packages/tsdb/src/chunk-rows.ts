// Reads rows of the chunk table. A query needs thousands of them, and as rows of their own they cost more to take out of
// SQLite than to decode: so SQLite strings many together, and gives one blob for all.

import { type Database, isSqliteError, type Statement } from '@promlet/sqlite'
import { viewOf } from './bytes.ts'
import { asStorageError } from './error.ts'

/** Longer strings grow slowly. */
const TOGETHER_MAX = 512
const ZERO = 48

/** Chunks in one piece of memory. */
export interface ChunkBytes {
  readonly bytes: Buffer
  readonly view: DataView
}

/** Gets the chunk of one of the positions: it lies from `start` to `end`. Undefined: there is no such row. */
export type TakeChunk = (index: number, chunk: ChunkBytes | undefined, start: number, end: number) => void

type Rows = [count: number, lengths: string, data: Buffer]

export class ChunkRows {
  readonly #readOne: Statement<[number], Buffer>
  readonly #readMany: Statement<[positions: string, first: number], Rows>

  constructor(database: Database) {
    this.#readOne = database.prepare<[number], Buffer>('SELECT data FROM chunk WHERE id = ?').pluck()
    // The cross join keeps the order of the list. As text a blob keeps its bytes, zeros too: nothing looks at what they are.
    this.#readMany = database
      .prepare<[string, number], Rows>(
        `SELECT count(*), group_concat(length(data)), CAST(group_concat(data, '') AS BLOB)
         FROM (SELECT data FROM json_each(?) AS position CROSS JOIN chunk ON chunk.id = ? + position.value)`,
      )
      .raw()
  }

  /** Gives the chunks `first + position` for increasing positions, in order. */
  read(first: number, positions: Uint32Array, take: TakeChunk): void {
    for (let from = 0; from < positions.length; from += TOGETHER_MAX) {
      const to = Math.min(from + TOGETHER_MAX, positions.length)
      if (!this.#readTogether(first, positions, from, to, take)) this.#readEach(first, positions, from, to, take)
    }
  }

  /** False, and nothing is taken, when rows are missing or damaged. */
  #readTogether(first: number, positions: Uint32Array, from: number, to: number, take: TakeChunk): boolean {
    const list = `[${positions.subarray(from, to).join()}]`
    const [count, lengths, bytes] = unlessCorrupt(() => this.#readMany.get(list, first)) ?? NO_ROWS
    if (count !== to - from) return false
    const ends = endsOf(lengths, count)
    if (ends[count] !== bytes.length) return false
    const chunk = withView(bytes)
    for (let row = 0; row < count; row++) take(from + row, chunk, ends[row] as number, ends[row + 1] as number)
    return true
  }

  /** A page that cannot be read takes only its own chunks along. */
  #readEach(first: number, positions: Uint32Array, from: number, to: number, take: TakeChunk): void {
    for (let index = from; index < to; index++) {
      const data = unlessCorrupt(() => this.#readOne.get(first + (positions[index] as number)))
      // One flipped bit makes a text of a blob.
      const bytes = data === undefined || Buffer.isBuffer(data) ? data : Buffer.alloc(0)
      take(index, bytes === undefined ? undefined : withView(bytes), 0, bytes?.length ?? 0)
    }
  }
}

const NO_ROWS: Rows = [0, '', Buffer.alloc(0)]

/** Where rows begin and end that are as long as the texts say, such as `14,220,36`. */
function endsOf(lengths: string, count: number): Float64Array {
  const ends = new Float64Array(count + 1)
  let row = 1
  let length = 0
  for (let index = 0; index < lengths.length; index++) {
    const digit = lengths.charCodeAt(index) - ZERO
    if (digit >= 0) {
      length = length * 10 + digit
      continue
    }
    ends[row] = (ends[row - 1] as number) + length
    row++
    length = 0
  }
  ends[row] = (ends[row - 1] as number) + length
  return ends
}

function withView(bytes: Buffer): ChunkBytes {
  return { bytes, view: viewOf(bytes) }
}

/** Undefined where SQLite finds a damaged page on its way. */
function unlessCorrupt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isSqliteError(error) && asStorageError(error, 'chunk').code === 'corrupt') return undefined
    throw error
  }
}
