// Runs the job once and exits with 1 when it failed; with RUN_EVERY_SECONDS it runs again and again, as cron would have it.
// Further settings from the environment: PUSHGATEWAY_URL, RECORDS, FAIL_IN (a stage: extract, transform, load).

import { setTimeout as sleep } from 'node:timers/promises'
import { runJob } from './job.ts'

const { PUSHGATEWAY_URL = 'http://127.0.0.1:9091', RECORDS = '5000', FAIL_IN, RUN_EVERY_SECONDS } = process.env

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

do {
  await run()
  if (RUN_EVERY_SECONDS === undefined) break
  await sleep(Number(RUN_EVERY_SECONDS) * 1000, undefined, { signal: stop.signal }).catch(() => {})
} while (!stop.signal.aborted)

async function run(): Promise<void> {
  try {
    const failIn = FAIL_IN === undefined || FAIL_IN === '' ? {} : { failIn: FAIL_IN }
    await runJob({ pushgatewayUrl: PUSHGATEWAY_URL, jobName: 'report', records: Number(RECORDS), ...failIn })
    process.stdout.write('report written\n')
  } catch (error) {
    process.stderr.write(`report failed: ${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}
