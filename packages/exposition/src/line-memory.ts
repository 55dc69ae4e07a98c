// A target mostly answers with the lines of last time, in the same order, with other values. So what a line says apart
// from its value (its key) is remembered in order, with a number that the reader of the exposition gave to it: a line
// with the same key at the same place is known by one comparison of bytes. A key that stands elsewhere is found by its
// hash, and the expectation goes on behind it. While all keys match, nothing is written.
//
//   keys    |http_requests_total{code="200"} |# TYPE up gauge\n|up |…
//   starts  0                                33               49  52
//   ids     7                                -1               12

/** The number of a line that is not known. Any other integer may be given to a line. */
export const UNKNOWN = -1

/** What a remembered line is. */
export type LineKind = 0 | 1 | 2
/** Its key is the series and the blanks up to the value. */
export const SERIES_LINE = 0 satisfies LineKind
/** Its key is the whole line with its newline. */
export const METADATA_LINE = 1 satisfies LineKind
/** Likewise. */
export const COMMENT_LINE = 2 satisfies LineKind

interface Lines {
  count: number
  keys: DataView
  /** One more than lines: the end of the last. */
  starts: Int32Array
  ids: Int32Array
  kinds: Uint8Array
  /** What a line left behind for the lines below it; for a series nothing. */
  states: Uint8Array
  /** Of the keys. */
  hashes: Int32Array
}

/** The keys of the body that was read last, and those of the one that is being read. */
export class LineMemory {
  #body: DataView
  #kept: Lines
  /** The lines of this body, once it has been found to differ; those from `#runStart` up to `#next` are still to be copied. */
  #fresh: Lines | undefined
  /** Lines that are not needed now, for their room. */
  #spare: Lines
  #runStart: number
  /** The kept line that is expected. */
  #next: number
  /** Where the line that was met last is; undefined when it is nowhere. */
  #lastIn: Lines | undefined
  #last: number
  /** Kept lines by the hash of their key; built when first needed. */
  #index: Int32Array | undefined

  constructor() {
    this.#body = new DataView(new ArrayBuffer(0))
    this.#kept = makeLines(0, 0)
    this.#fresh = undefined
    this.#spare = makeLines(0, 0)
    this.#runStart = 0
    this.#next = 0
    this.#lastIn = undefined
    this.#last = 0
    this.#index = undefined
  }

  /** Starts a body; what was met since the last `keep` is forgotten. */
  start(body: Uint8Array): void {
    this.#body = new DataView(body.buffer, body.byteOffset, body.byteLength)
    if (this.#fresh !== undefined) this.#spare = this.#fresh
    this.#fresh = undefined
    this.#next = 0
    this.#lastIn = undefined
  }

  /** From now on this body is the one that is remembered. */
  keep(): void {
    if (this.#fresh !== undefined) {
      this.#copyRun()
      this.#spare = this.#kept
      this.#kept = this.#fresh
      this.#index = undefined
    } else if (this.#next < this.#kept.count) {
      this.#kept.count = this.#next
      this.#index = undefined
    }
    this.#fresh = undefined
    this.#next = 0
    this.#lastIn = undefined
  }

  /** The length of the expected line's key when the body has it at `at`, else 0. */
  match(at: number): number {
    const { count, starts, keys } = this.#kept
    const line = this.#next
    if (line >= count) return 0
    const start = starts[line] as number
    const length = (starts[line + 1] as number) - start
    return at + length <= this.#body.byteLength && sameBytes(keys, start, this.#body, at, length) ? length : 0
  }

  get expectedKind(): LineKind {
    return this.#kept.kinds[this.#next] as LineKind
  }

  /** What `remember` was told of the expected line. */
  get expectedId(): number {
    return this.#kept.ids[this.#next] as number
  }

  get expectedState(): number {
    return this.#kept.states[this.#next] as number
  }

  /** Takes the expected line as met. */
  accept(): void {
    this.#lastIn = this.#kept
    this.#last = this.#next++
  }

  /** Takes the line in this range as met, which was not expected. Gives the number of the kept line with its key, or `UNKNOWN`. */
  meet(start: number, end: number, kind: LineKind, state: number): number {
    const hash = hashBytes(this.#body, start, end)
    const line = this.#find(start, end, hash)
    if (this.#fresh === undefined) {
      this.#fresh = this.#spare
      this.#fresh.count = 0
      this.#runStart = 0
    }
    this.#copyRun()
    // Only a series tells where the body goes on: metadata of a family may well stand alone.
    if (line >= 0 && kind === SERIES_LINE) this.#next = line + 1
    this.#runStart = this.#next
    this.#lastIn = this.#fresh
    this.#last = this.#fresh.count
    const id = line >= 0 ? (this.#kept.ids[line] as number) : UNKNOWN
    append(this.#fresh, { key: bytesOf(this.#body, start, end), kind, state, id, hash })
    return id
  }

  /** Takes a line as met that cannot be remembered. */
  pass(): void {
    this.#lastIn = undefined
  }

  /** Gives the line that was met last a number. */
  remember(id: number): void {
    if (this.#lastIn !== undefined) this.#lastIn.ids[this.#last] = id
  }

  /** Gives every kept series line another number. */
  renumber(change: (id: number) => number): void {
    const { ids, kinds, count } = this.#kept
    for (let line = 0; line < count; line++) {
      if (kinds[line] === SERIES_LINE) ids[line] = change(ids[line] as number)
    }
  }

  #copyRun(): void {
    if (this.#fresh !== undefined) appendRun(this.#fresh, this.#kept, this.#runStart, this.#next)
    this.#runStart = this.#next
  }

  #find(start: number, end: number, hash: number): number {
    const { keys, starts, hashes, count } = this.#kept
    if (count === 0) return -1
    this.#index ??= buildIndex(this.#kept)
    const mask = this.#index.length - 1
    const length = end - start
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const line = (this.#index[place] as number) - 1
      if (line < 0) return -1
      const from = starts[line] as number
      if (hashes[line] !== hash) continue
      if ((starts[line + 1] as number) - from === length && sameBytes(keys, from, this.#body, start, length)) return line
    }
  }
}

/** Compares sixteen bytes at a time; the last sixteen may overlap those before, so that none is left to be compared alone. */
function sameBytes(left: DataView, leftStart: number, right: DataView, rightStart: number, length: number): boolean {
  const last = length - 16
  if (last < 0) return sameFewBytes(left, leftStart, right, rightStart, length)
  for (let at = 0; at < last; at += 16) if (!same16(left, leftStart + at, right, rightStart + at)) return false
  return same16(left, leftStart + last, right, rightStart + last)
}

/** Little-endian, as the machine has it, which spares turning bytes around. */
function same16(left: DataView, a: number, right: DataView, b: number): boolean {
  const differs =
    (left.getInt32(a, true) ^ right.getInt32(b, true)) |
    (left.getInt32(a + 4, true) ^ right.getInt32(b + 4, true)) |
    (left.getInt32(a + 8, true) ^ right.getInt32(b + 8, true)) |
    (left.getInt32(a + 12, true) ^ right.getInt32(b + 12, true))
  return differs === 0
}

function sameFewBytes(left: DataView, leftStart: number, right: DataView, rightStart: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (left.getUint8(leftStart + at) !== right.getUint8(rightStart + at)) return false
  return true
}

/** FNV-1a over words instead of bytes, with the high bits folded in, as the low ones choose the place. */
function hashBytes(bytes: DataView, start: number, end: number): number {
  let hash = 0x811c9dc5
  let at = start
  for (; at <= end - 4; at += 4) hash = Math.imul(hash ^ (hash >>> 13) ^ bytes.getInt32(at), 0x01000193)
  for (; at < end; at++) hash = Math.imul(hash ^ bytes.getUint8(at), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Holds line + 1 at its hash's place or the next free one; of lines with one key, the first. */
function buildIndex({ count, hashes }: Lines): Int32Array {
  const index = new Int32Array(2 ** Math.ceil(Math.log2(count * 2 + 1)))
  const mask = index.length - 1
  for (let line = 0; line < count; line++) {
    let place = (hashes[line] as number) & mask
    while (index[place] !== 0) place = (place + 1) & mask
    index[place] = line + 1
  }
  return index
}

function makeLines(lines: number, bytes: number): Lines {
  return {
    count: 0,
    keys: new DataView(new ArrayBuffer(bytes)),
    starts: new Int32Array(lines + 1),
    ids: new Int32Array(lines),
    kinds: new Uint8Array(lines),
    states: new Uint8Array(lines),
    hashes: new Int32Array(lines),
  }
}

interface Line {
  readonly key: Uint8Array
  readonly kind: LineKind
  readonly state: number
  readonly id: number
  readonly hash: number
}

function append(lines: Lines, { key, kind, state, id, hash }: Line): void {
  const line = lines.count
  const keyStart = lines.starts[line] as number
  reserve(lines, 1, key.length)
  bytesOf(lines.keys, 0, lines.keys.byteLength).set(key, keyStart)
  lines.starts[line + 1] = keyStart + key.length
  lines.kinds[line] = kind
  lines.states[line] = state
  lines.ids[line] = id
  lines.hashes[line] = hash
  lines.count++
}

/** Appends lines `from` up to `to` of other lines. */
function appendRun(lines: Lines, source: Lines, from: number, to: number): void {
  if (from >= to) return
  const line = lines.count
  const keyStart = lines.starts[line] as number
  const sourceStart = source.starts[from] as number
  const sourceEnd = source.starts[to] as number
  reserve(lines, to - from, sourceEnd - sourceStart)
  bytesOf(lines.keys, 0, lines.keys.byteLength).set(bytesOf(source.keys, sourceStart, sourceEnd), keyStart)
  const shift = keyStart - sourceStart
  for (let index = from; index < to; index++) lines.starts[line + 1 + index - from] = (source.starts[index + 1] as number) + shift
  lines.kinds.set(source.kinds.subarray(from, to), line)
  lines.states.set(source.states.subarray(from, to), line)
  lines.ids.set(source.ids.subarray(from, to), line)
  lines.hashes.set(source.hashes.subarray(from, to), line)
  lines.count += to - from
}

/** Makes room for more lines and more bytes of keys. */
function reserve(lines: Lines, moreLines: number, moreBytes: number): void {
  const room = lines.count + moreLines
  const bytes = (lines.starts[lines.count] as number) + moreBytes
  if (room > lines.ids.length) {
    lines.starts = grown(lines.starts, new Int32Array(moreRoom(room) + 1))
    lines.ids = grown(lines.ids, new Int32Array(moreRoom(room)))
    lines.kinds = grown(lines.kinds, new Uint8Array(moreRoom(room)))
    lines.states = grown(lines.states, new Uint8Array(moreRoom(room)))
    lines.hashes = grown(lines.hashes, new Int32Array(moreRoom(room)))
  }
  if (bytes > lines.keys.byteLength) {
    const keys = grown(bytesOf(lines.keys, 0, lines.keys.byteLength), new Uint8Array(moreRoom(bytes)))
    lines.keys = new DataView(keys.buffer)
  }
}

function bytesOf(view: DataView, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, end - start)
}

function grown<T extends Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** A quarter more than needed: enough to grow seldom, and little to carry around. */
function moreRoom(needed: number): number {
  return needed + (needed >> 2) + 64
}
