import type { Labels } from './labels.ts'
import type { Millis } from './units.ts'

/** An alert as it goes to an Alertmanager. */
export interface Alert {
  /** With `alertname`, external labels included. */
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAt: Millis
  /** In the future for a firing alert (when it ends if nobody repeats it), in the past for a resolved one. */
  readonly endsAt: Millis
  readonly generatorUrl: string
}
