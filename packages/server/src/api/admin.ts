import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { formOf } from '@promlet/http'
import type { Clock, Millis } from '@promlet/model'
import type { Store } from '@promlet/tsdb'
import { ApiError, type Handler } from './answer.ts'
import { optionalTime, readSelector, readSwitch, TIME_MAX, TIME_MIN } from './params.ts'

/** `/api/v1/admin/tsdb/delete_series` */
export function deleteSeriesHandler(store: Pick<Store, 'deleteSeries'>): Handler {
  return async (request) => {
    const params = formOf(request)
    if (!params.has('match[]')) throw new ApiError('bad_data', 'no match[] parameter provided')
    const range = { from: optionalTime(params, 'start', TIME_MIN), to: optionalTime(params, 'end', TIME_MAX) }
    const matcherSets = params.getAll('match[]').map((text) => readSelector(text, 'match[]'))
    await store.deleteSeries(range, matcherSets)
    return {}
  }
}

/** `/api/v1/admin/tsdb/clean_tombstones`: deletions leave none, so this only gives their room back at once. */
export function cleanTombstonesHandler(store: Pick<Store, 'compactNow'>): Handler {
  return async () => {
    await store.compactNow()
    return {}
  }
}

/** `/api/v1/admin/tsdb/snapshot`: a copy that is a store of its own, in a new folder below the store's. */
export function snapshotHandler(store: Pick<Store, 'snapshot'>, { path, clock }: SnapshotPlace): Handler {
  return async (request) => {
    const skipRecent = readSwitch('skip_head', formOf(request).get('skip_head') ?? '', 'unable to parse boolean')
    if (path === ':memory:') throw new ApiError('unavailable', 'the store is in memory and has no folder for snapshots')
    const name = snapshotName(clock.now())
    await store.snapshot(join(path, 'snapshots', name), { skipRecent })
    return { data: JSON.stringify({ name }) }
  }
}

export interface SnapshotPlace {
  /** The store's folder, or `:memory:`. */
  readonly path: string
  readonly clock: Clock
}

/** Prometheus: web/api/v1 snapshot: the time to the second, and a random number. */
function snapshotName(at: Millis): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(8).toString('hex')}`
}

/** Lets a handler answer only where `--web.enable-admin-api` was given. */
export function adminOnly(handler: Handler, isEnabled: boolean): Handler {
  if (isEnabled) return handler
  return () => {
    throw new ApiError('unavailable', 'admin APIs disabled')
  }
}
