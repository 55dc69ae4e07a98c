// A little content for tests that are about something else: request after request, and that all of them are there.

import { expect } from 'vitest'
import type { Server } from '../promlet.ts'
import { labelBytes, sample, send, series } from './write-request.ts'

const START = Math.floor(Date.now() / 1000) * 1000 - 60_000

/** Writes 50 samples that belong to a number. */
export async function writeContent(url: string, number: number): Promise<void> {
  const value = Float64Array.of(number)
  const all = Array.from({ length: 50 }, (_, slot) =>
    series(labelBytes({ __name__: 'content', slot: `${slot}` }), [sample(START + number * 1000, value, 0)]),
  )
  expect(await send(url, all)).toMatchObject({ status: 204 })
}

/** The numbers that were written so far, and nothing else, are there. */
export async function expectContent(server: Server, numbers: readonly number[]): Promise<void> {
  const query = new URLSearchParams({ query: 'content[1h]' })
  const { result } = await server.api<{ result: { values: [number, string][] }[] }>(`query?${query}`)
  expect(result).toHaveLength(50)
  for (const { values } of result) expect(values).toEqual(numbers.map((number) => [START / 1000 + number, `${number}`]))
}
