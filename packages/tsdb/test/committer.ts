// Commits rows to the store in the folder given, as fast as it can, until it is killed. Prints the number of each batch
// that was acknowledged. Run by kill.test.ts.

import { writeSync } from 'node:fs'
import { Labels, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '../src/index.ts'

const [path = '', start = '0', first = '0'] = process.argv.slice(2)
const store = await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry() })

for (let batch = Number(first); ; batch++) {
  await using appender = store.appender()
  const at = Number(start) + batch * 1000
  const refs = Array.from({ length: 40 }, (_, index) => appender.series(Labels.of({ __name__: 'batch', slot: `${index}` })))
  appender.appendRow(appender.layout(refs), at, new Float64Array(40).fill(batch), new Uint8Array(40).fill(1))
  // One series comes and goes, so that there are new series in many batches.
  appender.append(appender.series(Labels.of({ __name__: 'one_of_many', batch: `${batch - (batch % 10)}` })), at, batch)
  const refusals = await appender.commit()
  if (refusals.example !== undefined) throw new Error(refusals.example)
  acknowledge(batch)
  await new Promise((resolve) => setImmediate(resolve))
}

/** At once, so that what was printed is there after a kill; a reader that is slow is waited for. */
function acknowledge(batch: number): void {
  for (;;) {
    try {
      writeSync(1, `${batch}\n`)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
