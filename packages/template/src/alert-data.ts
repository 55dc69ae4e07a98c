import type { Histogram, Labels } from '@promlet/model'
import { sampleNumber } from './functions.ts'
import { stringDict, struct, type Value } from './value.ts'

/** What stands before the text of an alert's labels and annotations: names that are easier to remember. */
export const ALERT_PREAMBLE =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

export interface AlertData {
  readonly labels: Labels
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly value: number
  /** The sample's, when it is one; then `value` means nothing. */
  readonly histogram?: Histogram | undefined
}

/** The `.` of an alert's templates: `.Labels`, `.ExternalLabels`, `.ExternalURL`, `.Value`. */
export function alertData({ labels, externalLabels, externalUrl, value, histogram }: AlertData): Value {
  return struct('struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }', {
    Labels: stringDict(labels),
    ExternalLabels: stringDict(externalLabels),
    ExternalURL: externalUrl,
    Value: sampleNumber({ value, ...(histogram && { histogram }) }),
  })
}
