import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { HttpError } from './client.ts'

/** Above this, unpacking leaves the calling thread; below, the way there and back takes longer than the work. */
const SYNC_BYTES_MAX = 128 * 1024
const CHUNK_BYTES = 256 * 1024
const gunzipAsync = promisify(gunzip)

const TOO_LARGE = 'body size limit exceeded'

/** Reads a stream whole. @throws `HttpError` `body-too-large` as soon as there are more than `bytesMax` bytes (0: no limit). */
export async function readBody(stream: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (bytesMax > 0 && length > bytesMax) throw new HttpError('body-too-large', TOO_LARGE)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length)
}

/**
 * Unpacks gzip. A body that would unpack to more than `bytesMax` bytes (0: no limit) is not unpacked further than that.
 * @throws `HttpError` `body-too-large`, or `protocol` when it is not gzip or cut off.
 */
export async function unpackGzip(packed: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const options = { chunkSize: CHUNK_BYTES, ...(bytesMax > 0 && { maxOutputLength: bytesMax }) }
  try {
    return packed.length <= SYNC_BYTES_MAX ? gunzipSync(packed, options) : await gunzipAsync(packed, options)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new HttpError('body-too-large', TOO_LARGE, { cause })
    throw new HttpError('protocol', code === 'Z_BUF_ERROR' ? 'unexpected EOF' : 'gzip: invalid header', { cause })
  }
}
