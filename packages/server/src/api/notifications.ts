import type { Millis } from '@promlet/model'
import type { Handler } from './answer.ts'

export interface NotificationParts {
  readonly live: { readonly lastReload: { readonly ok: boolean; readonly failedAt?: Millis } }
}

/** `/api/v1/notifications`: what an operator should know now. Prometheus: util/notifications. */
export function notificationsHandler({ live }: NotificationParts): Handler {
  return () => {
    const { ok, failedAt } = live.lastReload
    if (ok || failedAt === undefined) return { data: '[]' }
    return { data: JSON.stringify([{ text: 'Configuration reload has failed.', date: new Date(failedAt).toISOString(), active: true }]) }
  }
}

/** `/api/v1/notifications/live`: 204 says that there is no stream, as in a Prometheus without place for subscribers. */
export const liveNotificationsHandler: Handler = () => ({})
