// Questions to the stack's API, and samples sent to it as another Prometheus would.

import { encodeSnappy } from '@promlet/remote'

interface ApiAnswer<Result> {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly Result[] }
}

interface Series {
  readonly metric: Readonly<Record<string, string>>
}

/** The series of an instant query with their values. @throws when the API does not answer with success. */
export async function query(url: string, expr: string, at?: number): Promise<readonly (Series & { readonly value: number })[]> {
  const result = await ask<Series & { value: [number, string] }>(url, expr, at)
  return result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }))
}

/** The times, in milliseconds, of the stored samples of each series that a range selector names. */
export async function storedTimes(
  url: string,
  selector: string,
  at?: number,
): Promise<readonly (Series & { readonly times: readonly number[] })[]> {
  const result = await ask<Series & { values: [number, string][] }>(url, selector, at)
  return result.map(({ metric, values }) => ({ metric, times: values.map(([seconds]) => Math.round(seconds * 1000)) }))
}

async function ask<Result>(url: string, expr: string, at?: number): Promise<readonly Result[]> {
  const params = new URLSearchParams({ query: expr, ...(at !== undefined && { time: String(at / 1000) }) })
  const response = await fetch(`${url}/api/v1/query?${params}`, { signal: AbortSignal.timeout(10_000) })
  const answer: ApiAnswer<Result> = await response.json()
  if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`)
  return answer.data.result
}

/** Sends one sample per label set by remote write 1.0. Resolves when it was acknowledged. */
export async function write(url: string, labelSets: readonly Readonly<Record<string, string>>[], at: number, value: number): Promise<void> {
  const series = labelSets.map((labels) => {
    const pairs = Object.entries(labels)
      .sort()
      .map(([name, text]) => field(1, [...field(1, Buffer.from(name)), ...field(2, Buffer.from(text))]))
    const sample = [9, ...Buffer.from(Float64Array.of(value).buffer), 16, ...varint(at)]
    return field(1, [...pairs.flat(), ...field(2, sample)])
  })
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' },
    body: Uint8Array.from(encodeSnappy(Uint8Array.from(series.flat()))),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`write: ${response.status} ${await response.text()}`)
  await response.arrayBuffer()
}

/** A length-delimited field of a protocol buffers message. */
function field(number: number, bytes: ArrayLike<number>): number[] {
  return [number * 8 + 2, ...varint(bytes.length), ...Array.from(bytes)]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}
