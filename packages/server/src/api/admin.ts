import { formOf } from '@promlet/http'
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

/** `/api/v1/admin/tsdb/snapshot` */
export const snapshotHandler: Handler = (request) => {
  readSwitch('skip_head', formOf(request).get('skip_head') ?? '', 'unable to parse boolean')
  throw new ApiError('unavailable', 'snapshots are not supported by Promlet yet: copy the folder of the store while the server is stopped')
}

/** Lets a handler answer only where `--web.enable-admin-api` was given. */
export function adminOnly(handler: Handler, isEnabled: boolean): Handler {
  if (isEnabled) return handler
  return () => {
    throw new ApiError('unavailable', 'admin APIs disabled')
  }
}
