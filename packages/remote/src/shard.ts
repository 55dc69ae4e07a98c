import type { Refusals } from '@promlet/model'
import { Portion, type Slice } from './outgoing.ts'
import { noRefusals } from './refusals.ts'
import { Ticket } from './ticket.ts'

/** How sending a few slices ended for good. */
export type SendResult = { readonly refusals: Refusals } | { readonly error: Error }

interface Waiting {
  readonly portion: Portion
  readonly ticket: Ticket
  /** Items before it have been sent, or have failed. */
  cursor: number
  failure: Error | undefined
}

/**
 * A queue with one request under way at a time, so that samples of a series arrive in order. A portion leaves at once
 * when nothing is under way; what comes meanwhile is joined to requests of up to `itemsMax` items.
 */
export class Shard {
  /** Items that wait or are under way. */
  pending = 0
  readonly #queue: Waiting[] = []
  readonly #itemsMax: number
  readonly #send: (slices: readonly Slice[]) => Promise<SendResult>
  #after: Promise<unknown> | undefined
  #running = false

  /** Sends nothing before `after` has ended. */
  constructor(itemsMax: number, send: (slices: readonly Slice[]) => Promise<SendResult>, after?: Promise<unknown>) {
    this.#itemsMax = itemsMax
    this.#send = send
    this.#after = after
  }

  /** True when nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return !this.#running
  }

  enqueue(portion: Portion, ticket: Ticket): void {
    ticket.open()
    this.#queue.push({ portion, ticket, cursor: 0, failure: undefined })
    this.pending += portion.size
    if (!this.#running) void this.#run()
  }

  /** Resolves when all that waits now has ended, well or not. */
  async drained(): Promise<void> {
    if (this.#queue.length === 0) {
      await this.#after
      return
    }
    const ticket = new Ticket(noRefusals)
    this.enqueue(new Portion(0), ticket)
    ticket.seal()
    await ticket.settled.catch(() => {})
  }

  async #run(): Promise<void> {
    this.#running = true
    await this.#after
    this.#after = undefined
    while (this.#queue.length > 0) {
      const slices = this.#nextSlices()
      this.#settle(slices, await this.#send(slices))
    }
    this.#running = false
  }

  #nextSlices(): readonly Slice[] {
    const slices: Slice[] = []
    let room = this.#itemsMax
    for (const { portion, cursor } of this.#queue) {
      const to = Math.min(portion.size, cursor + room)
      slices.push({ portion, from: cursor, to })
      room -= to - cursor
      if (room === 0) break
    }
    return slices
  }

  /** When several portions were in the request, what it refused counts for the first of them. */
  #settle(slices: readonly Slice[], result: SendResult): void {
    let refusals = 'refusals' in result ? result.refusals : noRefusals
    for (const { from, to } of slices) {
      const waiting = this.#queue[0] as Waiting
      this.pending -= to - from
      waiting.cursor = to
      if ('error' in result) waiting.failure ??= result.error
      if (to < waiting.portion.size) return
      this.#queue.shift()
      if (waiting.failure === undefined) waiting.ticket.take(refusals)
      else waiting.ticket.fail(waiting.failure)
      refusals = noRefusals
    }
  }
}
