import type { DurationMs } from '@promlet/model'

/** A duration as Go prints it: `15s`, `1m0s`, `1h0m0s`, `500ms`. Metrics have intervals in this form. */
export function formatGoDuration(duration: DurationMs): string {
  if (duration < 1000) return duration === 0 ? '0s' : `${duration}ms`
  const seconds = duration / 1000
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = Number((seconds % 60).toFixed(3))
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
}
