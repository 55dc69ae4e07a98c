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
  keys: Uint8Array
  /** One more than lines: the end of the last. */
  starts: Int32Array
  ids: Int32Array
  kinds: Uint8Array
  /** What a line left behind for the lines below it; for a series nothing. */
  states: Uint8Array
}

/** The keys of the body that was read last, and those of the one that is being read. */
export class LineMemory {
  #kept: Lines
  /** The lines of this body, once it has been found to differ. */
  #fresh: Lines | undefined
  /** The kept line that is expected. */
  #next: number
  /** The line that was met last: its index in `#fresh` if there is one, else in `#kept`. */
  #last: number
  /** Kept lines by the hash of their key; built when first needed. */
  #index: Int32Array | undefined

  constructor() {
    this.#kept = emptyLines()
    this.#fresh = undefined
    this.#next = 0
    this.#last = -1
    this.#index = undefined
  }

  /** Starts a body; what was met since the last `keep` is forgotten. */
  start(): void {
    this.#fresh = undefined
    this.#next = 0
    this.#last = -1
  }

  /** From now on this body is the one that is remembered. */
  keep(): void {
    if (this.#fresh !== undefined) {
      this.#kept = this.#fresh
      this.#index = undefined
    } else if (this.#next < this.#kept.count) {
      this.#kept.count = this.#next
      this.#index = undefined
    }
    this.start()
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept = emptyLines()
    this.#index = undefined
    this.start()
  }

  /** The length of the expected line's key when these bytes have it, else 0. */
  match(bytes: Uint8Array, at: number): number {
    const { count, starts, keys } = this.#kept
    const line = this.#next
    if (line >= count) return 0
    const start = starts[line] as number
    const length = (starts[line + 1] as number) - start
    return at + length <= bytes.length && sameBytes(keys, start, bytes, at, length) ? length : 0
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
    const line = this.#next++
    if (this.#fresh === undefined) {
      this.#last = line
      return
    }
    const { keys, starts, kinds, states, ids } = this.#kept
    const start = starts[line] as number
    this.#last = this.#fresh.count
    append(this.#fresh, keys, start, starts[line + 1] as number, kinds[line] as LineKind, states[line] as number, ids[line] as number)
  }

  /** Takes a line as met that was not expected. Gives the number of the kept line with this key, or `UNKNOWN`. */
  meet(bytes: Uint8Array, start: number, end: number, kind: LineKind, state: number): number {
    const line = this.#find(bytes, start, end)
    this.#fresh ??= copyLines(this.#kept, this.#next)
    // Only a series tells where the body goes on: metadata of a family may well stand alone.
    if (line >= 0 && kind === SERIES_LINE) this.#next = line + 1
    const id = line >= 0 ? (this.#kept.ids[line] as number) : UNKNOWN
    this.#last = this.#fresh.count
    append(this.#fresh, bytes, start, end, kind, state, id)
    return id
  }

  /** Takes a line as met that cannot be remembered. */
  pass(): void {
    this.#last = -1
  }

  /** Gives the line that was met last a number. */
  remember(id: number): void {
    const lines = this.#fresh ?? this.#kept
    if (this.#last >= 0) lines.ids[this.#last] = id
  }

  /** Gives every kept series line another number. */
  renumber(change: (id: number) => number): void {
    const { ids, kinds, count } = this.#kept
    for (let line = 0; line < count; line++) {
      if (kinds[line] === SERIES_LINE) ids[line] = change(ids[line] as number)
    }
  }

  #find(bytes: Uint8Array, start: number, end: number): number {
    const { keys, starts, count } = this.#kept
    if (count === 0) return -1
    this.#index ??= buildIndex(this.#kept)
    const mask = this.#index.length - 1
    const length = end - start
    for (let place = hashBytes(bytes, start, end) & mask; ; place = (place + 1) & mask) {
      const line = (this.#index[place] as number) - 1
      if (line < 0) return -1
      const from = starts[line] as number
      if ((starts[line + 1] as number) - from === length && sameBytes(keys, from, bytes, start, length)) return line
    }
  }
}

function sameBytes(left: Uint8Array, leftStart: number, right: Uint8Array, rightStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (left[leftStart + index] !== right[rightStart + index]) return false
  }
  return true
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  // The low bits of FNV-1a are weak, and these choose the place.
  return hash ^ (hash >>> 15)
}

/** Holds line + 1 at its hash's place or the next free one; of lines with one key, the first. */
function buildIndex({ count, keys, starts }: Lines): Int32Array {
  const index = new Int32Array(2 ** Math.ceil(Math.log2(count * 2 + 1)))
  const mask = index.length - 1
  for (let line = 0; line < count; line++) {
    let place = hashBytes(keys, starts[line] as number, starts[line + 1] as number) & mask
    while (index[place] !== 0) place = (place + 1) & mask
    index[place] = line + 1
  }
  return index
}

function emptyLines(): Lines {
  return makeLines(0, 0)
}

function makeLines(lines: number, bytes: number): Lines {
  return {
    count: 0,
    keys: new Uint8Array(bytes),
    starts: new Int32Array(lines + 1),
    ids: new Int32Array(lines),
    kinds: new Uint8Array(lines),
    states: new Uint8Array(lines),
  }
}

/** The first `count` lines, with room for as many as `lines` has and a little more. */
function copyLines(lines: Lines, count: number): Lines {
  const copy = makeLines(lines.count + 64, lines.keys.length + 4096)
  const end = lines.starts[count] as number
  copy.keys.set(lines.keys.subarray(0, end))
  copy.starts.set(lines.starts.subarray(0, count + 1))
  copy.ids.set(lines.ids.subarray(0, count))
  copy.kinds.set(lines.kinds.subarray(0, count))
  copy.states.set(lines.states.subarray(0, count))
  copy.count = count
  return copy
}

function append(lines: Lines, bytes: Uint8Array, start: number, end: number, kind: LineKind, state: number, id: number): void {
  const line = lines.count++
  const keyStart = lines.starts[line] as number
  const keyEnd = keyStart + end - start
  if (line === lines.ids.length) growLines(lines)
  if (keyEnd > lines.keys.length) lines.keys = grown(lines.keys, new Uint8Array(keyEnd * 2))
  for (let index = start, to = keyStart; index < end; index++, to++) lines.keys[to] = bytes[index] as number
  lines.starts[line + 1] = keyEnd
  lines.kinds[line] = kind
  lines.states[line] = state
  lines.ids[line] = id
}

function growLines(lines: Lines): void {
  const room = lines.ids.length * 2 + 64
  lines.starts = grown(lines.starts, new Int32Array(room + 1))
  lines.ids = grown(lines.ids, new Int32Array(room))
  lines.kinds = grown(lines.kinds, new Uint8Array(room))
  lines.states = grown(lines.states, new Uint8Array(room))
}

function grown<T extends Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from)
  return into
}
