// Reads a file or standard input, plain or gzipped, however long it is, some whole lines at a time.

import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CommandError } from './command.ts'

/** What is wrong with an input, and where: both from 1, the column in characters. */
export interface InputProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

const PIECE_BYTES = 2 ** 20
const LINE_BYTES_MAX = 256 * 2 ** 20
const NEWLINE = 0x0a

/** Whole lines with their line breaks, a megabyte or so at a time. @throws CommandError when it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<Buffer> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path)
  let parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of await unzipped(source)) {
      const data = chunk as Buffer
      parts.push(data)
      bytes += data.length
      if (bytes < PIECE_BYTES) continue
      const all = Buffer.concat(parts)
      const end = all.lastIndexOf(NEWLINE) + 1
      if (end === 0 && bytes > LINE_BYTES_MAX) throw new CommandError(`${nameOf(path)}: a line is longer than ${LINE_BYTES_MAX} bytes`)
      if (end > 0) yield all.subarray(0, end)
      parts = end < all.length ? [all.subarray(end)] : []
      bytes = all.length - end
    }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${nameOf(path)}: it cannot be read: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  if (bytes > 0) yield Buffer.concat(parts)
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path
}

async function unzipped(source: Readable): Promise<AsyncIterable<unknown>> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const begin = first.done ? undefined : (first.value as Buffer)
  const whole = (async function* () {
    if (begin === undefined) return
    yield begin
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  })()
  if (begin?.[0] !== 0x1f || begin[1] !== 0x8b) return whole
  const gunzip = createGunzip()
  void (async () => {
    try {
      for await (const chunk of whole) if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once('drain', resolve))
      gunzip.end()
    } catch (error) {
      gunzip.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })()
  return gunzip
}
