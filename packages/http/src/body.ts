import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'
import { HttpError } from './client.ts'

/** Above this, unpacking leaves the calling thread; below, the way there and back takes longer than the work. */
const SYNC_BYTES_MAX = 128 * 1024
const CHUNK_BYTES = 256 * 1024
const gunzipAsync = promisify(gunzip)

export const BODY_TOO_LARGE = 'body size limit exceeded'

/** True when headers (in lower case) say that a body is gzip. */
export function isPacked(headers: Readonly<Record<string, string>>): boolean {
  return /^(x-)?gzip$/i.test(headers['content-encoding'] ?? '')
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
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new HttpError('body-too-large', BODY_TOO_LARGE, { cause })
    throw new HttpError('protocol', code === 'Z_BUF_ERROR' ? 'unexpected EOF' : 'gzip: invalid header', { cause })
  }
}

/**
 * Gives the memory of an unpacked body back at once; the body is empty then. Bodies of a quarter megabyte that wait for
 * the collector make it go through all of the heap every three seconds, as they count against what the heap may grow.
 */
export function releaseUnpacked(body: Uint8Array): void {
  // A shorter buffer may be one that Node shares out.
  if (body.buffer.byteLength >= CHUNK_BYTES) (body.buffer as ArrayBuffer).transfer(0)
}
