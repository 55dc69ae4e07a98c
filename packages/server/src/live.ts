import type { PrometheusConfig } from '@promlet/config'
import type { Appendable, Millis, Queryable, QueryEngine } from '@promlet/model'
import type { Pushgateway } from '@promlet/pushgateway'
import type { RemoteRead, RemoteWrite } from '@promlet/remote'
import type { Notifier, RuleEngine } from '@promlet/rule-engine'
import type { Scraper } from '@promlet/scraper'
import type { Store } from '@promlet/tsdb'
import type { QueryWorkers } from './long-queries/query-workers.ts'

/** What runs in this process at the moment. Parts appear while the stack starts and are replaced by some reloads. */
export interface Live {
  config: PrometheusConfig
  /** `at`: of the last good one; `failedAt`: of one that failed since. */
  lastReload: { readonly ok: boolean; readonly at: Millis; readonly failedAt?: Millis }
  store?: Store
  /** The servers of `remote_read`; absent where there are none. */
  remoteRead?: RemoteRead
  /** What queries read: the store, and the servers of `remote_read` with it. The same object over reloads. */
  queryable?: Queryable
  engine?: QueryEngine
  /** Where the engine's long queries run; absent where all run on this thread. */
  queryWorkers?: QueryWorkers
  remote?: RemoteWrite
  /** Where scrapes, rules and remote writes go: the store, the remote endpoints, or both. */
  appendable?: Appendable
  notifier?: Notifier
  ruleEngine?: RuleEngine
  scraper?: Scraper
  pushgateway?: Pushgateway
}

/** The stack cannot start or reload as it was asked to. The message is one sentence for the person who asked. */
export class StackError extends Error {
  override readonly name = 'StackError'
  readonly code: 'incomplete'
  constructor(code: StackError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
