// Lookups, on this thread or, where they are long, on another one.

import { type Look, type Lookup, look } from '../api/lookups.ts'
import type { Live } from '../live.ts'

/** Looks up what `live` has now. */
export function lookIn(live: Live): Look | undefined {
  const { store, queryable, remoteRead } = live
  if (store === undefined || queryable === undefined) return undefined
  // As in Prometheus: a server does not pass on what it would have to ask for.
  const readBy = ({ kind }: Lookup) => (kind === 'federate' ? store : queryable)
  return (lookup, signal) => {
    // Threads read the store's file and nothing else.
    const workers = remoteRead === undefined ? live.queryWorkers : undefined
    return workers?.isLongLookup(lookup) === true ? workers.look(lookup, signal) : look(lookup, readBy(lookup), { signal })
  }
}
