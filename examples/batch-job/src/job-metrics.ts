// A batch job is gone before anyone can scrape it, so it pushes what there is to say when it ends: when it last
// succeeded (the key metric: alert when that is too long ago), how long each major stage and the whole run took, when
// it last ended, successful or not, and how many records it processed.

import { Gauge, Registry } from 'prom-client'

export interface JobMetrics {
  readonly registry: Registry
  readonly stageSeconds: Gauge<'stage'>
  readonly runSeconds: Gauge
  readonly lastCompletion: Gauge
  readonly records: Gauge
  /** Says that the run succeeded. Not called, the metric is not pushed, and the Pushgateway keeps that of the last success. */
  succeeded(): void
}

/** Metrics of one run, in a registry of their own: nothing else is pushed with them. */
export function jobMetrics(): JobMetrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    registry,
    stageSeconds: new Gauge({
      name: 'report_job_stage_duration_seconds',
      help: 'How long each stage of the last run took.',
      labelNames: ['stage'],
      registers,
    }),
    runSeconds: new Gauge({ name: 'report_job_duration_seconds', help: 'How long the last run took.', registers }),
    lastCompletion: new Gauge({
      name: 'report_job_last_completion_timestamp_seconds',
      help: 'When the last run ended, successful or not, as Unix time.',
      registers,
    }),
    records: new Gauge({ name: 'report_job_records_processed', help: 'Records processed in the last run.', registers }),
    succeeded() {
      new Gauge({
        name: 'report_job_last_success_timestamp_seconds',
        help: 'When a run last succeeded, as Unix time.',
        registers,
      }).setToCurrentTime()
    },
  }
}
