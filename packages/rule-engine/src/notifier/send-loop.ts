// One Alertmanager, one queue: a slow one holds up no other. The queue is bounded; when it is full the oldest alerts
// go, since newer ones say more. A batch that could not be sent is dropped and counted, not retried: firing alerts are
// repeated anyway, resolved ones for a while.

import type { HttpClient } from '@promlet/http'
import type { Alert, Clock, DurationMs } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import type { NotifierMetrics } from './metrics.ts'
import { alertsBody } from './payload.ts'

export interface SendLoopOptions {
  readonly url: string
  readonly client: HttpClient
  readonly timeoutMs: DurationMs
  readonly queueCapacity: number
  readonly batchMax: number
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: NotifierMetrics
}

/** Of an Alertmanager's answer nothing is needed, of an error a few words. */
const ANSWER_BYTES_MAX = 64 * 1024

export class SendLoop {
  readonly #options: SendLoopOptions
  readonly #log: Logger
  #queue: Alert[] = []
  #timer: Disposable | undefined
  #sending: Promise<void> | undefined
  #stopped = false
  readonly #abort = new AbortController()

  constructor(options: SendLoopOptions) {
    this.#options = options
    this.#log = options.logger.child({ alertmanager: options.url })
    options.metrics.add(options.url)
  }

  /** Queues alerts; they are sent from the next turn on. */
  add(alerts: readonly Alert[]): void {
    if (this.#stopped) return
    this.#queue.push(...alerts)
    const excess = this.#queue.length - this.#options.queueCapacity
    if (excess > 0) {
      this.#queue.splice(0, excess)
      this.#drop(excess, 'the queue of alerts is full, the oldest are dropped')
    }
    this.#updateLength()
    this.#wake()
  }

  /**
   * Sends what is queued (or, with `drain` false, drops it) and stops; what is not sent within `withinMs` is dropped.
   */
  async stop(drain: boolean, withinMs: DurationMs): Promise<void> {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
    if (!drain) this.#dropAll()
    using _deadline = this.#options.clock.setTimer(withinMs, () => {
      this.#dropAll()
      this.#abort.abort(new Error('the notifier is stopping'))
    })
    await this.#sending
    await this.#sendAll()
    this.#options.metrics.remove(this.#options.url)
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#sending !== undefined) return
    // The timer gathers what several rules add in one go, and lets a virtual clock wait for the sending.
    this.#timer = this.#options.clock.setTimer(0, async () => {
      this.#timer = undefined
      this.#sending = this.#sendAll()
      await this.#sending
      this.#sending = undefined
    })
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.#options.batchMax)
      this.#updateLength()
      await this.#send(batch)
    }
  }

  async #send(batch: readonly Alert[]): Promise<void> {
    const { url, clock, metrics } = this.#options
    const start = clock.monotonic()
    try {
      await this.#post(batch)
      metrics.sent.inc({ alertmanager: url }, batch.length)
      metrics.answered(url, (clock.monotonic() - start) / 1000)
    } catch (err) {
      metrics.errors.inc({ alertmanager: url }, batch.length)
      metrics.dropped.inc({ alertmanager: url }, batch.length)
      this.#log.error({ err, count: batch.length }, 'sending alerts failed')
    }
  }

  async #post(batch: readonly Alert[]): Promise<void> {
    const { url, client, timeoutMs } = this.#options
    const { status, body } = await client.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: alertsBody(batch),
      timeoutMs,
      signal: this.#abort.signal,
      bodyBytesMax: ANSWER_BYTES_MAX,
    })
    if (status < 200 || status > 299) {
      const answer = new TextDecoder().decode(body.subarray(0, 200)).trim()
      throw new Error(`bad response status ${status}${answer === '' ? '' : `: ${answer}`}`)
    }
  }

  #dropAll(): void {
    const count = this.#queue.length
    if (count === 0) return
    this.#queue = []
    this.#updateLength()
    this.#drop(count, 'alerts that were still queued are dropped')
  }

  #drop(count: number, message: string): void {
    this.#options.metrics.dropped.inc({ alertmanager: this.#options.url }, count)
    this.#log.warn({ count }, message)
  }

  #updateLength(): void {
    this.#options.metrics.queueLength.set({ alertmanager: this.#options.url }, this.#queue.length)
  }
}
