// The job: extracts records, transforms them and loads them. Whatever happens, it tells the Pushgateway how it went.

import { setTimeout as sleep } from 'node:timers/promises'
import { Pushgateway } from 'prom-client'
import { type JobMetrics, jobMetrics } from './job-metrics.ts'

export interface JobOptions {
  /** Where the Pushgateway is: `http://127.0.0.1:9091`. */
  readonly pushgatewayUrl: string
  /** The job's name in the Pushgateway: all runs share one group, and the last one's numbers stand in it. */
  readonly jobName: string
  readonly records: number
  /** Makes the run fail in this stage. */
  readonly failIn?: string
}

/** One run. @throws what a stage threw, after that was pushed as well. */
export async function runJob({ pushgatewayUrl, jobName, records, failIn }: JobOptions): Promise<void> {
  const metrics = jobMetrics()
  const stopTimer = metrics.runSeconds.startTimer()
  try {
    for (const stage of ['extract', 'transform', 'load']) await runStage(metrics, stage, records, failIn)
    metrics.succeeded()
  } finally {
    stopTimer()
    metrics.lastCompletion.setToCurrentTime()
    // POST, not PUT: metrics that this run did not set, such as the time of the last success, stay.
    await new Pushgateway(pushgatewayUrl, {}, metrics.registry).pushAdd({ jobName })
  }
}

async function runStage(metrics: JobMetrics, stage: string, records: number, failIn: string | undefined): Promise<void> {
  const stopTimer = metrics.stageSeconds.startTimer({ stage })
  try {
    await sleep(records / 100)
    if (stage === failIn) throw new Error(`${stage} failed`)
    if (stage === 'load') metrics.records.set(records)
  } finally {
    stopTimer()
  }
}
