// Remote read is a `Queryable` like a store: it finds what the store at its other end finds.

import type { HttpClient } from '@promlet/http'
import { Labels } from '@promlet/model'
import { type ContractStore, MemoryStore, queryableContract, VirtualClock } from '@promlet/model/testing'
import { createRegistry } from '@promlet/telemetry'
import { describe, test } from 'vitest'
import { ReadClient } from './read-client.ts'
import { createReadResponder } from './read-responder.ts'

const NOW = 1_700_000_000_000

function open(): ContractStore {
  const store = new MemoryStore()
  const respond = createReadResponder({ queryable: store, externalLabels: () => Labels.empty, registry: createRegistry() })
  const client: HttpClient = {
    async request({ body = new Uint8Array(0) }) {
      const answer = await respond(body)
      if (answer.status !== 200) return { status: answer.status, headers: {}, body: Buffer.from(answer.text) }
      return { status: 200, headers: answer.headers, body: Buffer.concat(Array.from(copies(answer.pieces))) }
    },
    async close() {},
  }
  const config = { url: 'http://tsdb:9090/api/v1/read', remoteTimeoutMs: 60_000 }
  const queryable = new ReadClient({ config, client, clock: new VirtualClock(NOW) })
  return { appendable: store, queryable, now: NOW, async [Symbol.asyncDispose]() {} }
}

function* copies(pieces: Iterator<Uint8Array, void>): Generator<Uint8Array> {
  for (let next = pieces.next(); !next.done; next = pieces.next()) yield new Uint8Array(next.value)
}

describe('remote read keeps the contract of a queryable', () => {
  for (const { title, run } of queryableContract) test(title, () => run(open()))
})
