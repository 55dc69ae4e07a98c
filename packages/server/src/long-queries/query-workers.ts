// Long queries and lookups run in worker threads, so that scrapes, rules and short queries go on. A thread costs memory: the first
// starts with the first long query, the second when the first is busy, and each ends when it had nothing to do for a while.

import { type Clock, type DurationMs, QueryError } from '@promlet/model'
import type { Elsewhere, LongQuery } from '@promlet/promql'
import type { Logger } from '@promlet/telemetry'
import type { SelectEstimate, Store } from '@promlet/tsdb'
import type { Found, Lookup } from '../api/lookups.ts'
import type { QuerySettings } from '../settings.ts'
import { type Ask, type AskLookup, askLookup, type Form, type Reply, toError, withLabels } from './messages.ts'
import { startThread, type Thread } from './thread.ts'

export interface QueryWorkersOptions {
  /** Where the threads read; `store` is the same, on this thread. */
  readonly path: string
  readonly store: Pick<Store, 'estimate'>
  readonly clock: Clock
  readonly logger: Logger
  readonly query: QuerySettings
  readonly subqueryStepMs: () => DurationMs
}

export interface QueryWorkers extends Elsewhere {
  /** How many threads there are now. */
  readonly size: number
  /** Tells, before anything is looked up, that it would hold this thread up. */
  isLongLookup(lookup: Lookup): boolean
  /** @throws QueryError */
  look(lookup: Lookup, signal: AbortSignal): Promise<Found>
  /** Refuses what waits, breaks off what runs, and ends all threads. A second call waits for the first. */
  close(): Promise<void>
}

/** Measured, see docs/decisions/005: a turn is what a scrape or a short query may have to wait for. */
const TURN = { ms: 40, samples: 200_000, usedMs }
/** A query that reads more does not begin on the main thread. */
const LONG_SAMPLES = 1_000_000
/** Of one series: subqueries without stored samples are work too. */
const LONG_EVALUATIONS = 200_000
/** A series is work beyond its samples: labels are compared, grouped, written. */
const SAMPLES_PER_SERIES = 100
/** Labels that were not met yet are read, and all are written: a lookup of more series does not begin on the main thread. */
const LONG_LOOKUP_SERIES = 3_000
const THREADS_MAX = 2
const IDLE_MS = 60_000
/** A query that was told to end and has not after this time is ended with its thread. */
const GRACE_MS = 2_000

/** What a thread is given, and for how long. */
interface Work {
  readonly timeoutMs: DurationMs
  readonly signal: AbortSignal | undefined
  /** `timeoutMs` is what is left when it begins. */
  ask(timeoutMs: DurationMs): Ask | AskLookup
}

interface Job {
  readonly work: Work
  readonly deadline: DurationMs
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
  slot: Slot | undefined
}

interface Slot {
  readonly thread: Thread
  job: Job | undefined
  /** Ends the thread: when it is idle for too long, or does not hear. */
  timer: Disposable | undefined
}

export function createQueryWorkers(options: QueryWorkersOptions): QueryWorkers {
  const { clock, logger, path, query, store } = options
  const slots = new Set<Slot>()
  const waiting: Job[] = []
  /** Threads that are about to be gone. */
  const ending = new Set<Promise<void>>()
  let closing: Promise<void> | undefined

  function submit(work: Work): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const { signal, timeoutMs } = work
    if (closing !== undefined || signal?.aborted) return Promise.reject(broken('canceled'))
    const job: Job = { work, deadline: clock.monotonic() + timeoutMs, resolve, reject, slot: undefined }
    const timer = clock.setTimer(timeoutMs, () => giveUp(job, 'timeout'))
    const abort = () => giveUp(job, 'canceled')
    signal?.addEventListener('abort', abort, { once: true })
    waiting.push(job)
    dispatch()
    return promise.finally(() => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', abort)
    })
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      const slot = [...slots].find(({ job }) => job === undefined) ?? (slots.size < THREADS_MAX ? open() : undefined)
      if (slot === undefined) return
      void start(slot, waiting.shift() as Job)
    }
  }

  function open(): Slot {
    const thread = startThread({ path, query }, (reason) => {
      if (reason !== undefined) logger.error({ err: reason }, 'Query thread failed')
      slot.timer?.[Symbol.dispose]()
      slots.delete(slot)
      dispatch()
    })
    const slot: Slot = { thread, job: undefined, timer: undefined }
    slots.add(slot)
    return slot
  }

  async function start(slot: Slot, job: Job): Promise<void> {
    slot.timer?.[Symbol.dispose]()
    slot.job = job
    job.slot = slot
    try {
      job.resolve(await slot.thread.run(job.work.ask(Math.max(0, job.deadline - clock.monotonic()))))
    } catch (error) {
      job.reject(error as Error)
    }
    job.slot = undefined
    slot.job = undefined
    slot.timer?.[Symbol.dispose]()
    if (!slots.has(slot)) return
    slot.timer = clock.setTimer(IDLE_MS, () => end(slot, slot.thread.close()))
    dispatch()
  }

  function end(slot: Slot, gone: Promise<void>): void {
    slots.delete(slot)
    ending.add(gone)
    void gone.finally(() => ending.delete(gone))
  }

  function giveUp(job: Job, code: 'timeout' | 'canceled'): void {
    job.reject(broken(code))
    const { slot } = job
    if (slot === undefined) {
      const at = waiting.indexOf(job)
      if (at >= 0) waiting.splice(at, 1)
      return
    }
    slot.thread.stop()
    slot.timer?.[Symbol.dispose]()
    slot.timer = clock.setTimer(GRACE_MS, () => {
      end(slot, slot.thread.kill())
      dispatch()
    })
  }

  function queryWork({ options: all, ...rest }: LongQuery, form: Form): Work {
    const { signal, timeoutMs, ...own } = all
    const ask = (leftMs: DurationMs): Ask => ({
      ...rest,
      options: { ...own, timeoutMs: leftMs },
      form,
      subqueryStepMs: options.subqueryStepMs(),
    })
    return { timeoutMs, signal, ask }
  }

  return {
    turn: TURN,
    isLong(selections, evaluations) {
      if (evaluations > LONG_EVALUATIONS) return true
      if (selections.length === 0) return false
      // Most are far from it.
      return isLong(store.estimate(selections, { rough: true })) && isLong(store.estimate(selections))
    },
    async answer(long) {
      const reply = await submit(queryWork(long, 'values'))
      if (reply.kind === 'answer') return withLabels(reply.answer)
      throw unanswered(reply)
    },
    async write(long, limit) {
      const reply = await submit(queryWork(long, { limit }))
      if (reply.kind === 'written') return reply.answer
      throw unanswered(reply)
    },
    async explain(long) {
      const reply = await submit(queryWork(long, 'explained'))
      if (reply.kind === 'explained') return reply.answer
      throw unanswered(reply)
    },
    isLongLookup({ matcherSets, range }) {
      // Of all series the index tells as it is.
      if (matcherSets.length === 0) return false
      const selections = matcherSets.map((matchers) => ({ matchers, ...range }))
      return store.estimate(selections, { rough: true }).series > LONG_LOOKUP_SERIES
    },
    async look(lookup, signal) {
      const reply = await submit({ timeoutMs: query.timeoutMs, signal, ask: () => askLookup(lookup) })
      if (reply.kind === 'found') return reply
      throw unanswered(reply)
    },
    get size() {
      return slots.size
    },
    close() {
      closing ??= close()
      return closing
    },
  }

  async function close(): Promise<void> {
    for (const job of waiting.splice(0)) job.reject(broken('canceled'))
    const open = [...slots]
    for (const { job } of open) if (job !== undefined) giveUp(job, 'canceled')
    await Promise.all([...ending, ...open.map(({ thread }) => thread.close())])
    for (const { timer } of open) timer?.[Symbol.dispose]()
  }
}

function isLong({ series, samples }: SelectEstimate): boolean {
  return samples + series * SAMPLES_PER_SERIES > LONG_SAMPLES
}

/** What this thread has computed, in all. */
function usedMs(): DurationMs {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function broken(code: 'timeout' | 'canceled'): QueryError {
  return new QueryError(code, `query ${code === 'timeout' ? 'timed out' : 'was canceled'} in expression evaluation`)
}

function unanswered(reply: Reply): Error {
  return reply.kind === 'failed' ? toError(reply.error) : new QueryError('internal', `a query thread gave the wrong answer: ${reply.kind}`)
}
