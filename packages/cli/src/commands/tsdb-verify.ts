import { systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type StoreVerification } from '@promlet/tsdb'
import { type Command, print, printError } from '../command.ts'
import { parseFlags } from '../flags.ts'
import { counted, grouped } from '../progress.ts'
import { readFolder } from './tsdb-dump.ts'

export const tsdbVerify: Command = {
  help: () => `Usage: promlet tsdb verify [FOLDER]

Reads all of a store and checks it: SQLite's own integrity check, and whether every batch and chunk has its checksum and can be
decoded, all counts agree and the index fits the series. Works also while a server writes the store, and changes nothing. The
folder is data when none is named. Prints what was checked and what can be read, and a line for each thing that is damaged;
the exit code is 1 then. "promlet tsdb dump" saves what can be read.`,
  async run(args) {
    const path = readFolder(parseFlags([], args))
    const quiet = { clock: systemClock, logger: silentLogger, registry: createRegistry() }
    const store = await openStore({ path, readonly: true, salvage: true, ...quiet })
    try {
      return tell(await store.verify())
    } finally {
      await store.close()
    }
  },
}

function tell({ batches, blocks, chunks, series, samples, samplesStored, problems, moreProblems }: StoreVerification): number {
  print(
    `Checked the database file and the index of ${grouped(series)} series, ${counted(batches, 'batch', 'batches')}, ${counted(blocks, 'block')} with ${counted(chunks, 'chunk')}.`,
  )
  for (const problem of problems) printError(`damaged: ${problem}`)
  if (moreProblems > 0) printError(`and ${counted(moreProblems, 'problem')} more`)
  if (problems.length === 0) {
    print(`All is whole: ${counted(samples, 'sample')}.`)
    return 0
  }
  print(`${grouped(samples)} of ${counted(samplesStored, 'sample')} can be read.`)
  return 1
}
