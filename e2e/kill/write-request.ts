// A remote write request 1.0 as bytes, made by hand: what is in one request is what must be stored whole or not at all.
// prometheus/prompb/remote.proto, types.proto

import { encodeSnappy } from '@promlet/remote'

/** The field `labels` of a series, once for all its samples. */
export function labelBytes(labels: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))
  return Buffer.concat(pairs.map(([name, value]) => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))))
}

/** `value` holds the eight bytes of a double: a stale marker would lose its bits as a number. */
export function sample(at: number, value: Float64Array, index: number): Buffer {
  return field(2, Buffer.concat([Buffer.of(0x09), doubleAt(value, index), Buffer.of(0x10), varint(at)]))
}

/** A native histogram with two buckets beside each other, of `count` and one observations. */
export function histogram(at: number, count: number, sum: number): Buffer {
  const span = Buffer.concat([Buffer.of(0x08), varint(0), Buffer.of(0x10), varint(2)])
  const deltas = Buffer.concat([varint(zigzag(count)), varint(zigzag(1 - count))])
  const parts = [Buffer.of(0x08), varint(count + 1), Buffer.of(0x19), double(sum), Buffer.of(0x20), varint(zigzag(1))]
  return field(4, Buffer.concat([...parts, field(11, span), field(12, deltas), Buffer.of(0x78), varint(at)]))
}

export function series(labels: Buffer, points: readonly Buffer[]): Buffer {
  return field(1, Buffer.concat([labels, ...points]))
}

export interface WriteAnswer {
  readonly status: number
  readonly body: string
}

/** Sends a request; `gone` when there is no answer. */
export async function send(url: string, all: readonly Buffer[]): Promise<WriteAnswer | 'gone'> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
  try {
    const body = encodeSnappy(Buffer.concat(all)) as Uint8Array<ArrayBuffer>
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body })
    return { status: response.status, body: await response.text() }
  } catch {
    return 'gone'
  }
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function double(value: number): Buffer {
  return doubleAt(Float64Array.of(value), 0)
}

function doubleAt(values: Float64Array, index: number): Buffer {
  return Buffer.from(values.buffer, values.byteOffset + index * 8, 8)
}
