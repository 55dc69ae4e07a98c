// The load on a server that is about to be killed: two senders of remote write whose requests hold samples of every kind,
// deletions, targets to scrape, and a reader that notes the scrapes that it has seen.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Ledger, ROWS, type Sent, valueAt, WIDE } from './ledger.ts'
import { histogram, labelBytes, sample, send, series, type WriteAnswer } from './write-request.ts'

/** How far the late sample of a request lies behind the others, at most. */
const LATE_MS_MAX = 1_000
/** The store refuses what is too far ahead of the clock; senders are quicker than it at most by so much. */
const AHEAD_MS_MAX = 300

export interface Load {
  /** Ends when the server is gone. @throws when it refused something. */
  readonly ended: Promise<void>
}

/** Loads a server until it does not answer any more. */
export function startLoad(url: string, ledger: Ledger, writers: readonly Writer[]): Load {
  const loads = [...writers.map((writer) => writer.run(url, ledger)), watchScrapes(url, ledger)]
  return { ended: Promise.all(loads).then(() => {}) }
}

/** One sender; its requests come one after the other. It lives longer than the servers. */
export class Writer {
  readonly #name: string
  readonly #wide: readonly Buffer[]
  #next = 0
  #at = 0
  #deletedTo = 0
  readonly #lateTimes = new Set<number>()

  constructor(name: string) {
    this.#name = name
    this.#wide = Array.from({ length: WIDE }, (_, slot) => this.#labels('wide', slot))
  }

  async run(url: string, ledger: Ledger): Promise<void> {
    for (;;) {
      const answer = await this.write(url, ledger)
      if (answer === 'gone') return
      if (answer.status !== 204 && !isTooOld(answer)) throw new Error(`remote write was answered with ${answer.status}: ${answer.body}`)
      if (this.#next % 20 === 0 && !(await this.#delete(url, ledger))) return
    }
  }

  /** Sends the next request and notes what became of it: what fails must not be stored. */
  async write(url: string, ledger: Ledger): Promise<WriteAnswer | 'gone'> {
    this.#at = Math.max(this.#at + ROWS, Date.now())
    const ahead = this.#at - Date.now() - AHEAD_MS_MAX
    if (ahead > 0) await pause(ahead)
    const sent: Sent = { writer: this.#name, number: this.#next++, at: this.#at, lateAt: this.#lateAt(), state: 'unknown' }
    ledger.sent.push(sent)
    const answer = await send(url, this.#request(sent))
    if (answer === 'gone') return answer
    if (answer.status === 204) {
      sent.state = 'acknowledged'
      ledger.requests++
    } else sent.state = isTooOld(answer) ? 'refused' : 'absent'
    return answer
  }

  /** A time that no other request has. */
  #lateAt(): number {
    for (;;) {
      const at = this.#at - 1 - Math.floor(Math.random() * LATE_MS_MAX)
      if (this.#lateTimes.has(at)) continue
      this.#lateTimes.add(at)
      return at
    }
  }

  #request({ number, at, lateAt }: Sent): Buffer[] {
    const last = at + ROWS - 1
    const one = (name: string, slot: number, time: number) => series(this.#labels(name, slot), [sample(time, valueAt(slot, time), 0)])
    const parts: Buffer[] = []
    for (let row = 0; row < ROWS; row++) {
      for (let slot = 0; slot < WIDE; slot++) parts.push(series(this.#wide[slot] as Buffer, [sample(at + row, valueAt(slot, at + row), 0)]))
    }
    for (let slot = 0; slot < 10; slot++) parts.push(one('single', slot, last))
    for (let slot = 0; slot < 5; slot++) parts.push(one('victim', slot, last))
    for (let slot = 0; slot < 3; slot++) parts.push(series(this.#labels('distribution', slot), [histogram(last, slot + 1, last % 1000)]))
    // A series of which `late` is older than the newest: it comes in through the out-of-order window.
    parts.push(one('late', 0, lateAt), one('churn', number, last))
    return parts
  }

  /** Deletes part of what this sender wrote of some series; false when the server is gone. */
  async #delete(url: string, ledger: Ledger): Promise<boolean> {
    const from = this.#deletedTo
    const to = this.#at - 400
    this.#deletedTo = to + 1
    const match = encodeURIComponent(`victim{writer="${this.#name}"}`)
    const path = `delete_series?match[]=${match}&start=${from / 1000}&end=${to / 1000}`
    const isAcknowledged = await post(`${url}/api/v1/admin/tsdb/${path}`)
    ledger.deletions.push({ writer: this.#name, from, to, isAcknowledged })
    return isAcknowledged
  }

  #labels(name: string, slot: number): Buffer {
    return labelBytes({ __name__: name, slot: String(slot), writer: this.#name })
  }
}

/** It was so slow on its way that it met the end of the retention time. */
function isTooOld({ status, body }: WriteAnswer): boolean {
  return status === 400 && /older than the store accepts/.test(body)
}

async function post(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: 'POST' })
    if (!response.ok) throw new TypeError(`${url} was answered with ${response.status}: ${await response.text()}`)
    await response.arrayBuffer()
    return true
  } catch (error) {
    if (error instanceof TypeError && /was answered with/.test(error.message)) throw error
    return false
  }
}

/** What a query has shown of scrapes must not go away any more. */
async function watchScrapes(url: string, ledger: Ledger): Promise<void> {
  interface Answer {
    readonly data: {
      readonly result: readonly { readonly metric: { readonly instance: string }; readonly values: readonly [number, string][] }[]
    }
  }
  const query = new URLSearchParams({ query: 'probe{slot="0"}[3s]' })
  for (;;) {
    let answer: Answer
    try {
      answer = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as Answer
    } catch {
      return
    }
    for (const { metric, values } of answer.data.result) {
      const seen = ledger.scrapes.get(metric.instance) ?? new Set<number>()
      ledger.scrapes.set(metric.instance, seen)
      for (const [at] of values) seen.add(Math.round(at * 1000))
    }
    await pause(100)
  }
}

export interface Target extends AsyncDisposable {
  readonly address: string
}

/** A target whose series all have the number of the scrape as their value. */
export async function startTarget(): Promise<Target> {
  let scrapes = 0
  const server = createServer((_, response) => {
    scrapes++
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(Array.from({ length: 80 }, (_, slot) => `probe{slot="${slot}"} ${scrapes}\n`).join(''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
