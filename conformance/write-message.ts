// Remote write messages for the conformance cases, written and read by a codec that knows fields by number only: it
// shares nothing with the one under test.

/** A field: its number, and an integer, a double, a text, bytes or a message. */
export type Field = readonly [number: number, value: bigint | Double | string | Uint8Array | readonly Field[]]

/** A double by its bits. */
export interface Double {
  readonly bits: bigint
}

const BITS: Readonly<Record<string, bigint>> = { StaleNaN: 0x7ff0000000000002n, NaN: 0x7ff8000000000001n }

/** Of a JSON number, or of the name of a special value. */
export function double(value: number | string): Double {
  const known = BITS[value]
  if (known !== undefined) return { bits: known }
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, typeof value === 'number' ? value : value === '-Inf' ? -Infinity : Infinity)
  return { bits: view.getBigUint64(0) }
}

export function numberOf({ bits }: Double): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}

export function zigzag(value: number): bigint {
  const wide = BigInt(value)
  return (wide << 1n) ^ (wide >> 63n)
}

export function encode(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(encodeField))
}

function encodeField([number, value]: Field): Buffer {
  if (typeof value === 'bigint') return Buffer.concat([varint(BigInt(number * 8)), varint(BigInt.asUintN(64, value))])
  if (typeof value === 'object' && 'bits' in value) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value.bits)
    return Buffer.concat([varint(BigInt(number * 8 + 1)), bytes])
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : encode(value)
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes])
}

export function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

/** The fields of a message: integers as `bigint`, doubles as `Double`, everything else as bytes. */
export function decode(message: Uint8Array): Map<number, (bigint | Double | Buffer)[]> {
  const bytes = Buffer.from(message)
  const fields = new Map<number, (bigint | Double | Buffer)[]>()
  let at = 0
  const read = () => {
    const [value, next] = readVarint(bytes, at)
    at = next
    return value
  }
  while (at < bytes.length) {
    const tag = Number(read())
    const values = fields.get(tag >>> 3) ?? []
    fields.set(tag >>> 3, values)
    if ((tag & 7) === 0) values.push(read())
    else if ((tag & 7) === 1) {
      values.push({ bits: bytes.readBigUInt64LE(at) })
      at += 8
    } else {
      const end = Number(read())
      values.push(bytes.subarray(at, at + end))
      at += end
    }
  }
  return fields
}

function readVarint(bytes: Buffer, start: number): [value: bigint, next: number] {
  let value = 0n
  for (let at = start; ; at++) {
    const byte = bytes.readUInt8(at)
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start))
    if (byte < 0x80) return [value, at + 1]
  }
}

/** The integers of a packed list. */
export function unpack(bytes: Buffer): bigint[] {
  const values: bigint[] = []
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = readVarint(bytes, at)
    values.push(value)
    at = next
  }
  return values
}
