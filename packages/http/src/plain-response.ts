// One answer in HTTP/1.0 or 1.1, taken in as its bytes come (RFC 9112). Headers are few and short and become a text; the
// body goes into one buffer. Lines may end without the carriage return, as Go and most others accept it.

import { BODY_TOO_LARGE, isPacked, PACKED_SLACK_BYTES } from './body.ts'
import { type BodyBuffers, grownBuffer } from './body-buffers.ts'
import { HttpError } from './client.ts'

/** As in undici and Node's own client. */
const HEAD_BYTES_MAX = 16 * 1024
/** What a server announces is not believed beyond this: the buffer then grows with what comes. */
const ANNOUNCED_BYTES_MAX = 2 ** 20
const FIRST_BODY_BYTES = 16 * 1024
const NEWLINE = 0x0a
const RETURN = 0x0d

const NO_BYTES = Buffer.alloc(0)
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/
/** Servers mostly repeat their headers: so many lines of them, none longer than that, are told again without being read. */
const HEADERS_KNOWN_MAX = 256
const KNOWN_LENGTH_MAX = 128
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/

/** What comes next. */
type Part = 'head' | 'sized' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'done'

export class PlainResponse {
  readonly #buffers: BodyBuffers
  #part: Part
  /** A line, or a head, of which only the start has come. */
  #begun: Buffer
  /** Bytes that are still to come of the body or of the chunk. */
  #rest: number
  #body: Buffer
  #length: number
  /** A longer body is an error; 0: no limit. May change while the body comes. */
  bytesMax: number
  status: number
  headers: Record<string, string>
  /** True when the connection can carry another request after this answer. */
  isKept: boolean

  constructor(buffers: BodyBuffers) {
    this.#buffers = buffers
    this.#part = 'head'
    this.#begun = NO_BYTES
    this.#rest = 0
    this.#body = NO_BYTES
    this.#length = 0
    this.bytesMax = 0
    this.status = 0
    this.headers = {}
    this.isKept = false
  }

  /** True when the headers have come. */
  get hasHead(): boolean {
    return this.#part !== 'head'
  }

  get isDone(): boolean {
    return this.#part === 'done'
  }

  /** What has come of the body, in a buffer of its own. */
  get body(): Uint8Array {
    return this.#body.subarray(0, this.#length)
  }

  /** Takes bytes in, which are the caller's again afterwards. @throws HttpError `protocol`, `body-too-large` */
  take(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#part === 'done') throw broken('unexpected bytes behind the answer')
      at = this.#takePart(bytes, at)
    }
  }

  /** The server has closed the connection: true when that is how this answer ends. */
  end(): boolean {
    if (this.#part === 'until-close') this.#part = 'done'
    return this.#part === 'done'
  }

  #takePart(bytes: Buffer, at: number): number {
    switch (this.#part) {
      case 'head':
        return this.#takeHead(bytes, at)
      case 'sized':
      case 'chunk':
        return this.#takeSized(bytes, at)
      case 'until-close':
        this.#append(bytes, at, bytes.length)
        return bytes.length
      default:
        return this.#takeLine(bytes, at)
    }
  }

  #takeHead(bytes: Buffer, from: number): number {
    const already = this.#begun.length
    const all = already === 0 ? bytes : Buffer.concat([this.#begun, bytes.subarray(from)])
    const start = already === 0 ? from : 0
    const end = headEnd(all, start)
    if ((end < 0 ? all.length : end) - start > HEAD_BYTES_MAX) {
      throw broken(`server response headers exceeded ${HEAD_BYTES_MAX} bytes; aborted`)
    }
    if (end < 0) {
      this.#begun = Buffer.from(all.subarray(start))
      return bytes.length
    }
    this.#begun = NO_BYTES
    this.#readHead(all.toString('latin1', start, end))
    return already === 0 ? end : from + end - already
  }

  #readHead(text: string): void {
    const lines = text.split('\n')
    const statusLine = STATUS_LINE.exec(trimReturn(lines[0] as string))
    if (statusLine === null) throw broken(`malformed HTTP response ${JSON.stringify(trimReturn(lines[0] as string))}`)
    this.status = Number(statusLine[2])
    // An answer before the answer.
    if (this.status < 200) {
      if (this.status === 101) throw broken('unexpected switch of protocols')
      return
    }
    this.headers = readHeaders(lines)
    const connection = (this.headers['connection'] ?? '').toLowerCase()
    this.isKept = statusLine[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive')
    if (this.bytesMax > 0 && isPacked(this.headers)) this.bytesMax += PACKED_SLACK_BYTES
    this.#startBody()
  }

  #startBody(): void {
    const { 'transfer-encoding': encoding, 'content-length': length } = this.headers
    if (this.status === 204 || this.status === 304) this.#part = 'done'
    else if (encoding !== undefined) {
      if (encoding.toLowerCase() !== 'chunked') throw broken(`unsupported transfer encoding: ${JSON.stringify(encoding)}`)
      this.#part = 'chunk-size'
    } else if (length !== undefined) {
      this.#rest = readLength(length)
      this.#part = this.#rest === 0 ? 'done' : 'sized'
      this.#body = this.#buffers.take(Math.min(this.#rest, ANNOUNCED_BYTES_MAX))
    } else {
      this.isKept = false
      this.#part = 'until-close'
    }
  }

  #takeSized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#rest)
    this.#append(bytes, at, end)
    this.#rest -= end - at
    if (this.#rest === 0) this.#part = this.#part === 'sized' ? 'done' : 'chunk-end'
    return end
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start
    if (this.bytesMax > 0 && length > this.bytesMax) throw new HttpError('body-too-large', BODY_TOO_LARGE)
    if (length > this.#body.length) {
      this.#body =
        this.#length === 0 ? this.#buffers.take(Math.max(length, FIRST_BODY_BYTES)) : grownBuffer(this.#body, this.#length, length)
    }
    bytes.copy(this.#body, this.#length, start, end)
    this.#length = length
  }

  /** The lines between and behind chunks. */
  #takeLine(bytes: Buffer, at: number): number {
    const newline = bytes.indexOf(NEWLINE, at)
    const end = newline < 0 ? bytes.length : newline
    if (this.#begun.length + end - at > HEAD_BYTES_MAX) throw broken('a line between chunks is too long')
    const line = this.#begun.length === 0 ? bytes.subarray(at, end) : Buffer.concat([this.#begun, bytes.subarray(at, end)])
    if (newline < 0) {
      this.#begun = Buffer.from(line)
      return end
    }
    this.#begun = NO_BYTES
    this.#readLine(trimReturn(line.toString('latin1')))
    return end + 1
  }

  #readLine(line: string): void {
    if (this.#part === 'trailers') {
      if (line === '') this.#part = 'done'
    } else if (this.#part === 'chunk-end') {
      if (line !== '') throw broken('malformed chunked encoding')
      this.#part = 'chunk-size'
    } else {
      const size = (line.split(';', 1)[0] as string).trim()
      if (!/^[\da-fA-F]{1,13}$/.test(size)) throw broken('invalid byte in chunk length')
      this.#rest = Number.parseInt(size, 16)
      this.#part = this.#rest === 0 ? 'trailers' : 'chunk'
    }
  }
}

/** The index behind the empty line that ends a head; -1 when it has not come. */
function headEnd(bytes: Buffer, start: number): number {
  for (let newline = bytes.indexOf(NEWLINE, start); newline >= 0; newline = bytes.indexOf(NEWLINE, newline + 1)) {
    if (bytes[newline + 1] === NEWLINE) return newline + 2
    if (bytes[newline + 1] === RETURN && bytes[newline + 2] === NEWLINE) return newline + 3
  }
  return -1
}

/** From the second line on; a line that starts with a blank goes on with the one before. */
function readHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  let name = ''
  for (let index = 1; index < lines.length; index++) {
    const line = trimReturn(lines[index] as string)
    if (line === '') continue
    if (name !== '' && (line.startsWith(' ') || line.startsWith('\t'))) {
      headers[name] = `${headers[name]} ${line.trim()}`
      continue
    }
    const header = readHeader(line)
    name = header.name
    const before = headers[name]
    headers[name] = before === undefined ? header.value : `${before}, ${header.value}`
  }
  return headers
}

interface Header {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

const knownHeaders = new Map<string, Header>()

function readHeader(line: string): Header {
  const known = knownHeaders.get(line)
  if (known !== undefined) return known
  const parts = HEADER_LINE.exec(line)
  if (parts === null) throw broken(`malformed MIME header line: ${line}`)
  const header = { name: (parts[1] as string).toLowerCase(), value: parts[2] as string }
  if (line.length > KNOWN_LENGTH_MAX) return header
  if (knownHeaders.size >= HEADERS_KNOWN_MAX) knownHeaders.clear()
  knownHeaders.set(line, header)
  return header
}

/** A length that was sent twice alike is one. */
function readLength(text: string): number {
  const [first = '', ...more] = text.split(',').map((part) => part.trim())
  if (!/^\d{1,15}$/.test(first) || more.some((other) => other !== first)) throw broken(`bad Content-Length ${JSON.stringify(text)}`)
  return Number(first)
}

function trimReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

function broken(text: string): HttpError {
  return new HttpError('protocol', `net/http: HTTP/1.x transport connection broken: ${text}`)
}
