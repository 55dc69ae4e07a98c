import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { BodyBuffers } from './body-buffers.ts'
import { HttpError } from './client.ts'
import { unpackSync } from './gunzip.ts'

/** Above this, unpacking leaves the calling thread; below, the way there and back takes longer than the work. */
const SYNC_BYTES_MAX = 128 * 1024
const CHUNK_BYTES = 256 * 1024
const gunzipAsync = promisify(gunzip)

export const BODY_TOO_LARGE = 'body size limit exceeded'
/** A packed body may be a little longer than what is in it; so much more is read before it is called too long. */
export const PACKED_SLACK_BYTES = 1024
/** Reading the rest of a body that nobody wants keeps the connection, but not at any price. */
export const UNWANTED_BYTES_MAX = 128 * 1024

/** True when headers (in lower case) say that a body is gzip. */
export function isPacked(headers: Readonly<Record<string, string>>): boolean {
  const encoding = headers['content-encoding']
  return encoding !== undefined && (encoding === 'gzip' || /^(x-)?gzip$/i.test(encoding))
}

/**
 * Unpacks gzip, into one of the buffers or memory of its own. A body that would unpack to more than `bytesMax` bytes (0: no
 * limit) is not unpacked further than that.
 * @throws `HttpError` `body-too-large`, or `protocol` when it is not gzip or cut off.
 */
export function unpackGzip(packed: Uint8Array, bytesMax: number, buffers = new BodyBuffers()): Uint8Array | Promise<Uint8Array> {
  if (packed.length > SYNC_BYTES_MAX) return unpackAside(packed, bytesMax)
  try {
    return unpackSync(packed, bytesMax, buffers)
  } catch (error) {
    throw asUnpackError(error)
  }
}

async function unpackAside(packed: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await gunzipAsync(packed, { chunkSize: CHUNK_BYTES, ...(bytesMax > 0 && { maxOutputLength: bytesMax }) })
  } catch (error) {
    throw asUnpackError(error)
  }
}

function asUnpackError(cause: unknown): HttpError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ERR_BUFFER_TOO_LARGE') return new HttpError('body-too-large', BODY_TOO_LARGE, { cause })
  return new HttpError('protocol', code === 'Z_BUF_ERROR' ? 'unexpected EOF' : 'gzip: invalid header', { cause })
}
