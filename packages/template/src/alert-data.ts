import type { Labels } from '@promlet/model'
import { stringDict, struct, type Value } from './value.ts'

/** What stands before the text of an alert's labels and annotations: names that are easier to remember. */
export const ALERT_PREAMBLE =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

export interface AlertData {
  readonly labels: Labels
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly value: number
}

/** The `.` of an alert's templates: `.Labels`, `.ExternalLabels`, `.ExternalURL`, `.Value`. */
export function alertData({ labels, externalLabels, externalUrl, value }: AlertData): Value {
  return struct('struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }', {
    Labels: stringDict(labels),
    ExternalLabels: stringDict(externalLabels),
    ExternalURL: externalUrl,
    Value: value,
  })
}
