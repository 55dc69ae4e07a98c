import { VirtualClock } from '@promlet/model/testing'
import { expect, test } from 'vitest'
import { createFailureLog, createLogger } from './index.ts'

test('a failure that goes on is a line at once and then one a minute, and its end is one', async () => {
  const lines: string[] = []
  const clock = new VirtualClock(0)
  const destination = { write: (line: string) => void lines.push(line.replace(/^time=\S+ /, '').trimEnd()) }
  const logger = createLogger({ level: 'info', format: 'logfmt', destination })
  const log = createFailureLog({ logger, clock, failed: 'batch not stored', worked: 'batches are stored again' })
  log.worked()
  for (let scrape = 0; scrape < 10; scrape++) {
    log.failed('the disk is full')
    await clock.advance(15_000)
  }
  log.worked()
  log.worked()
  log.failed('the disk is full again')
  log.worked()
  await clock.advance(30_000)
  log.failed('and again')
  await clock.advance(4_999)
  log.worked()
  await clock.advance(1)
  log.worked()
  expect(lines).toEqual([
    'level=ERROR msg="batch not stored" err="the disk is full"',
    'level=ERROR msg="batch not stored" err="the disk is full" failures=4',
    'level=ERROR msg="batch not stored" err="the disk is full" failures=4',
    'level=INFO msg="batches are stored again" failures=10',
    'level=ERROR msg="batch not stored" err="and again" failures=2',
    'level=INFO msg="batches are stored again" failures=2',
  ])
})
