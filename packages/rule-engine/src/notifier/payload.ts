import { type Alert, Labels, type Millis, type Relabel } from '@promlet/model'

/** Adds the external labels that an alert does not have itself, then relabels; alerts that are dropped are left out. */
export function relabelAlerts(alerts: readonly Alert[], externalLabels: Labels, relabel: Relabel): readonly Alert[] {
  const relabelled: Alert[] = []
  for (const alert of alerts) {
    const labels = relabel(externalLabels.size === 0 ? alert.labels : Labels.fromPairs([...externalLabels, ...alert.labels]))
    if (labels === undefined) continue
    relabelled.push(labels === alert.labels ? alert : { ...alert, labels })
  }
  return relabelled
}

/** The body of `POST /api/v2/alerts`. */
export function alertsBody(alerts: readonly Alert[]): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(
      alerts.map(({ labels, annotations, startsAt, endsAt, generatorUrl }) => ({
        annotations,
        endsAt: timeText(endsAt),
        startsAt: timeText(startsAt),
        generatorURL: generatorUrl,
        labels,
      })),
    ),
  )
}

function timeText(at: Millis): string {
  return new Date(at).toISOString()
}
