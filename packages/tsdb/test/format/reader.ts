// Reads a store by docs/format.md alone: nothing of the store's own code is used here, and SQLite comes with Node. It is
// slow and plain on purpose; what it gives is compared with the answers of the store.

import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'

/** A number, or a text for what JSON has no number for. */
export type Value = number | string
type Row = Record<string, number | string | Uint8Array | null>

interface Shape {
  schema: number
  zeroThreshold: number
  counterResetHint: string
  positiveSpans: Span[]
  negativeSpans: Span[]
  customValues?: number[]
}
interface Span {
  offset: number
  length: number
}
export interface Histogram extends Partial<Shape> {
  stale?: true
  float?: boolean
  sum?: number
  count?: number
  zeroCount?: number
  positiveBuckets?: number[]
  negativeBuckets?: number[]
}
/** The 64 bits of a double, or a histogram. */
type Point = { bits: bigint; start: number } | { histogram: Histogram; start: number }

/** What was met on the way, so that a test can tell that a store had everything. */
export interface Met {
  readonly kinds: Set<number>
  readonly contents: Set<number>
  readonly columns: Set<string>
}

const STALE = 0x7ff0000000000002n

/** "Parts of blobs". */
class Blob {
  readonly #bytes: Buffer
  at = 0
  readonly end: number
  readonly met: Met

  constructor(data: unknown, met: Met) {
    this.#bytes = Buffer.from(data as Uint8Array)
    this.end = this.#bytes.length - 4
    this.met = met
    if (crc32(this.#bytes.subarray(0, this.end)) !== this.#bytes.readUInt32LE(this.end)) throw new Error('damaged')
  }
  byte(): number {
    if (this.at >= this.end) throw new Error('too short')
    return this.#bytes[this.at++] as number
  }
  varint(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(value)
    }
  }
  zigzag(): number {
    const coded = this.varint()
    return coded % 2 === 0 ? coded / 2 : -((coded + 1) / 2)
  }
  bits64(): bigint {
    let bits = 0n
    for (let index = 0n; index < 8n; index++) bits |= BigInt(this.byte()) << (8n * index)
    return bits
  }
  double(): number {
    return doubleOf(this.bits64())
  }
  text(): string {
    return Buffer.from(list(this.varint(), () => this.byte())).toString()
  }
  flags(count: number): boolean[] {
    const bytes = list(Math.ceil(count / 8), () => this.byte())
    return list(count, (index) => (((bytes[Math.floor(index / 8)] as number) >> (index % 8)) & 1) === 1)
  }
  ids(count = this.varint()): number[] {
    let id = 0
    return list(count, () => (id += this.zigzag()))
  }
}

function list<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index))
}

const view = new DataView(new ArrayBuffer(8))
function doubleOf(bits: bigint): number {
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}
function bitsOf(value: number): bigint {
  view.setFloat64(0, value)
  return view.getBigUint64(0)
}

/** "columns". Values as their bits. */
function column(blob: Blob, count: number): bigint[] {
  const form = blob.byte()
  blob.met.columns.add(`${form}`)
  if (form === 0) {
    const bits = blob.bits64()
    return list(count, () => bits)
  }
  if (form === 1)
    return list(blob.varint(), () => [blob.varint(), blob.bits64()] as const).flatMap(([length, bits]) => list(length, () => bits))
  if (form === 2) return integers(blob, count)
  if (form === 3) return xor(blob, count)
  throw new Error(`form ${form}`)
}

function integers(blob: Blob, count: number): bigint[] {
  const head = blob.byte()
  const [mode, exponent] = [head % 4, Math.floor(head / 4)]
  const divisor = blob.varint()
  let number = blob.zigzag()
  const start = number
  let step = mode === 2 ? blob.zigzag() : 0
  let index = 0
  const exceptions = list(blob.varint(), () => {
    index += blob.varint()
    return [index, blob.bits64()] as const
  })
  const values: bigint[] = []
  for (let first = 0; first < count; first += 64) {
    for (const entry of block(blob, Math.min(64, count - first))) {
      if (mode === 2) step += entry * divisor
      number = mode === 0 ? start + entry * divisor : mode === 1 ? number + entry * divisor : number + step
      values.push(bitsOf(number / 10 ** exponent))
    }
  }
  blob.met.columns.add(`2 mode ${mode}${exponent > 0 ? ' decimal' : ''}`)
  if (exceptions.length > 0) blob.met.columns.add('2 exceptions')
  for (const [at, bits] of exceptions) values[at] = bits
  return values
}

function block(blob: Blob, entries: number): number[] {
  const width = blob.byte()
  const base = blob.zigzag()
  const packed = (width: number) => {
    const bits = blob.flags(entries * width)
    return list(entries, (entry) => list(width, (bit) => (bits[entry * width + bit] ? 2 ** bit : 0)).reduce((sum, bit) => sum + bit, 0))
  }
  if (width <= 25) return packed(width).map((offset) => base + offset)
  blob.met.columns.add('2 wide')
  const low = packed(24)
  const high = packed(width - 24)
  return low.map((offset, index) => base + offset + (high[index] as number) * 2 ** 24)
}

function xor(blob: Blob, count: number): bigint[] {
  let byte = 0
  let left = 0
  const take = (bits: number): bigint => {
    let value = 0n
    for (let bit = 0; bit < bits; bit++) {
      if (left === 0) [byte, left] = [blob.byte(), 8]
      left--
      value = (value << 1n) | BigInt((byte >> left) & 1)
    }
    return value
  }
  let before = take(64)
  const values = [before]
  let leading = 0
  let length = 0
  while (values.length < count) {
    if (take(1) === 1n) {
      if (take(1) === 1n) [leading, length] = [Number(take(5)), Number(take(6)) || 64]
      before ^= take(length) << BigInt(64 - leading - length)
    }
    values.push(before)
  }
  return values
}

const numbers = (blob: Blob, count: number) => column(blob, count).map(doubleOf)

/** "histogram", "segments" and "runs". */
function shape(blob: Blob, isCustom: boolean): Shape {
  const schema = blob.zigzag()
  const zeroThreshold = blob.double()
  return { schema, zeroThreshold, ...buckets(blob), ...(isCustom ? bounds(blob) : {}) }
}

function buckets(blob: Blob) {
  const spans = () => list(blob.varint(), () => ({ offset: blob.zigzag(), length: blob.varint() }))
  const counterResetHint = ['unknown', 'reset', 'not-reset', 'gauge'][blob.byte()] as string
  return { counterResetHint, positiveSpans: spans(), negativeSpans: spans() }
}

const bounds = (blob: Blob) => ({ customValues: list(blob.varint(), () => blob.double()) })

const bucketsOf = (spans: readonly Span[]) => spans.reduce((sum, { length }) => sum + length, 0)

function histogram(blob: Blob): Histogram {
  const flags = blob.byte()
  const common = shape(blob, (flags & 4) !== 0)
  const count = () => ((flags & 8) !== 0 ? blob.double() : blob.zigzag())
  const sum = blob.double()
  const counts = { sum, count: count(), zeroCount: count() }
  const positiveBuckets = list(bucketsOf(common.positiveSpans), count)
  const negativeBuckets = list(bucketsOf(common.negativeSpans), count)
  if ((flags & 2) !== 0) return { stale: true }
  return { ...common, ...counts, positiveBuckets, negativeBuckets, float: (flags & 1) !== 0 }
}

const runs = (blob: Blob) => list(blob.varint(), () => run(blob)).flat()
const segments = (blob: Blob) => list(blob.varint(), () => segment(blob)).flat()

function segment(blob: Blob): Histogram[] {
  const flags = blob.byte()
  const length = blob.varint()
  if ((flags & 2) !== 0) return list(length, () => ({ stale: true }))
  const kind = { schema: blob.zigzag(), zeroThreshold: blob.double(), ...((flags & 4) !== 0 ? bounds(blob) : {}) }
  const owners = list(blob.varint(), () => [blob.varint(), buckets(blob)] as const).flatMap(([runLength, own]) =>
    list(runLength, () => own),
  )
  const [sum, count, zeroCount] = [numbers(blob, length), numbers(blob, length), numbers(blob, length)]
  const columns = (side: 'positiveSpans' | 'negativeSpans') => {
    const all = new Set(owners.flatMap((own) => indexes(own[side])))
    return new Map([...all].sort((left, right) => left - right).map((index) => [index, numbers(blob, length)]))
  }
  const positive = columns('positiveSpans')
  const negative = columns('negativeSpans')
  const at = (side: Map<number, number[]>, spans: Span[], index: number) =>
    indexes(spans).map((bucket) => side.get(bucket)?.[index] as number)
  return owners.map((own, index) => ({
    ...kind,
    ...own,
    sum: sum[index] as number,
    count: count[index] as number,
    zeroCount: zeroCount[index] as number,
    positiveBuckets: at(positive, own.positiveSpans, index),
    negativeBuckets: at(negative, own.negativeSpans, index),
    float: (flags & 1) !== 0,
  }))
}

function indexes(spans: Span[]): number[] {
  let next = 0
  return spans.flatMap(({ offset, length }) => {
    const first = next + offset
    next = first + length
    return list(length, (index) => first + index)
  })
}

function run(blob: Blob): Histogram[] {
  const length = blob.varint()
  const flags = blob.byte()
  if ((flags & 2) !== 0) return list(length, () => ({ stale: true }))
  const common = shape(blob, (flags & 4) !== 0)
  const [sum, count, zeroCount] = [numbers(blob, length), numbers(blob, length), numbers(blob, length)]
  const positive = list(bucketsOf(common.positiveSpans), () => numbers(blob, length))
  const negative = list(bucketsOf(common.negativeSpans), () => numbers(blob, length))
  const at = (columns: number[][], index: number) => columns.map((column) => column[index] as number)
  return list(length, (index) => ({
    ...common,
    sum: sum[index] as number,
    count: count[index] as number,
    zeroCount: zeroCount[index] as number,
    positiveBuckets: at(positive, index),
    negativeBuckets: at(negative, index),
    float: (flags & 1) !== 0,
  }))
}

/** "chunk": the content behind the number of the time column. */
function content(blob: Blob, count: number): Point[] {
  const form = blob.byte()
  blob.met.contents.add(form < 4 ? 0 : form)
  const present = form === 16 || form === 17 ? runs : segments
  if (form === 16 || form === 19) return present(blob).map((histogram) => ({ histogram, start: 0 }))
  if (form === 17 || form === 20) {
    const which = blob.flags(count)
    const floats = column(blob, which.filter((isHistogram) => !isHistogram).length)
    const rest = present(blob)
    return which.map((isHistogram) =>
      isHistogram ? { histogram: rest.shift() as Histogram, start: 0 } : { bits: floats.shift() as bigint, start: 0 },
    )
  }
  if (form === 18) {
    const starts = numbers(blob, count)
    return content(blob, count).map((point, index) => ({ ...point, start: starts[index] as number }))
  }
  blob.at--
  return column(blob, count).map((bits) => ({ bits, start: 0 }))
}

export class FormatReader {
  readonly #database: DatabaseSync
  readonly #series = new Map<number, Map<number, Point>>()
  readonly met: Met = { kinds: new Set(), contents: new Set(), columns: new Set() }
  readonly version: number

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { readOnly: true })
    this.#database.exec('BEGIN')
    this.version = this.#all('PRAGMA user_version')[0]?.['user_version'] as number
    const floor = this.#all('SELECT batch_floor FROM state')[0]?.['batch_floor'] as number
    for (const block of this.#all('SELECT * FROM block')) this.#readBlock(block)
    for (const batch of this.#all('SELECT * FROM batch WHERE id > ? ORDER BY id', floor)) this.#readBatch(batch)
  }

  close(): void {
    this.#database.close()
  }

  /** In order of their labels; the answer of the store has the same form. */
  series() {
    return [...this.#series].map(([id, points]) => {
      const inOrder = [...points].sort(([left], [right]) => left - right)
      const all = inOrder.map(([, point]) => point)
      const isMixed = all.some((point) => 'histogram' in point)
      return {
        labels: this.labels(id),
        times: inOrder.map(([at]) => at),
        values: all.map((point) => ('histogram' in point ? 'histogram' : show(point.bits))),
        ...(isMixed ? { histograms: all.map((point) => ('histogram' in point ? point.histogram : null)) } : {}),
        ...(all.some(({ start }) => start !== 0) ? { startTimes: all.map(({ start }) => start) } : {}),
      }
    })
  }

  labels(id: number): Record<string, string> {
    const [row] = this.#all('SELECT pairs FROM series WHERE id = ?', id)
    const blob = this.#blob(row?.['pairs'])
    const pairs: [string, string][] = []
    while (blob.at < blob.end) {
      const pair = blob.varint()
      const [found] = this.#all('SELECT n.name, p.value FROM label_pair p JOIN label_name n ON n.id = p.name WHERE p.id = ?', pair)
      pairs.push([found?.['name'] as string, found?.['value'] as string])
    }
    return Object.fromEntries(pairs)
  }

  /** The ids that the index lists for a pair of texts. */
  listed(name: string, value: string): number[] {
    const [pair] = this.#all(
      'SELECT p.id FROM label_pair p JOIN label_name n ON n.id = p.name WHERE n.name = ? AND p.value = ?',
      name,
      value,
    )
    return this.#all('SELECT ids FROM posting WHERE pair = ? ORDER BY first', pair?.['id'] as number).flatMap(({ ids }) =>
      this.#blob(ids).ids(),
    )
  }

  exemplars() {
    return this.#all('SELECT series, at_ms, data FROM exemplar ORDER BY series, at_ms').map(({ series, at_ms, data }) => {
      const blob = this.#blob(data)
      const value = blob.double()
      const labels = Object.fromEntries(list(blob.varint(), () => [blob.text(), blob.text()] as const))
      return { series: this.labels(series as number), exemplar: { labels, value, at: at_ms } }
    })
  }

  metadata() {
    return Object.fromEntries(this.#all('SELECT * FROM metadata').map(({ metric, ...rest }) => [metric, rest]))
  }

  #readBlock({ series_set, first_chunk, times }: Row): void {
    const blob = this.#blob(times)
    const sizes = list(blob.varint(), () => [blob.varint(), blob.varint()] as const)
    const columns = sizes.map(([samples, bytes]) => {
      const end = blob.at + bytes
      const read = numbers(blob, samples)
      if (blob.at !== end) throw new Error('a column of times has other bytes than it says')
      return read
    })
    const [set] = this.#all('SELECT ids FROM series_set WHERE id = ?', series_set as number)
    for (const [index, id] of this.#blob(set?.['ids']).ids().entries()) {
      const [chunk] = this.#all('SELECT data FROM chunk WHERE id = ?', (first_chunk as number) + index)
      const data = this.#blob(chunk?.['data'])
      const own = columns[data.varint()] as number[]
      for (const [at, point] of content(data, own.length).entries()) this.#add(id, own[at] as number, point)
      if (data.at !== data.end) throw new Error('a chunk has more bytes than it needs')
    }
  }

  #readBatch({ kind, layout, from_ms, samples, data }: Row): void {
    const blob = this.#blob(data)
    const [sort, hasStarts] = [(kind as number) % 16, ((kind as number) & 32) !== 0]
    this.met.kinds.add(kind as number)
    if (sort === 1) {
      const isDense = blob.end === 8 * (samples as number)
      const slots = isDense ? (samples as number) : Math.floor((8 * blob.end) / 65)
      const values = list(slots, () => blob.bits64())
      const present = isDense ? values.map(() => true) : blob.flags(slots)
      const ids = this.#all('SELECT ids FROM layout_part WHERE layout = ? ORDER BY start', layout as number).flatMap(({ ids }) =>
        this.#blob(ids).ids(),
      )
      for (let slot = 0; slot < slots; slot++) {
        if (present[slot]) this.#add(ids[slot] as number, from_ms as number, { bits: values[slot] as bigint, start: 0 })
      }
      return
    }
    const count = blob.varint()
    const [series, times] = [blob.ids(count), blob.ids(count)]
    const starts = hasStarts ? numbers(blob, count) : list(count, () => 0)
    const points = list(count, (index): Point => {
      const start = starts[index] as number
      return sort === 2 ? { bits: blob.bits64(), start } : { histogram: histogram(blob), start }
    })
    for (const [index, point] of points.entries()) this.#add(series[index] as number, times[index] as number, point)
  }

  #add(id: number, at: number, point: Point): void {
    const points = this.#series.get(id) ?? new Map<number, Point>()
    this.#series.set(id, points)
    points.set(at, point)
  }

  #blob(data: unknown): Blob {
    return new Blob(data, this.met)
  }

  #all(sql: string, ...values: (number | string)[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[]
  }
}

function show(bits: bigint): Value {
  if (bits === STALE) return 'stale'
  const value = doubleOf(bits)
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : `${value}`
}
