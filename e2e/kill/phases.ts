// Loaded into the server by `node --import`, into each of its threads: writes down in a file which phases the store is in,
// so that whoever killed it can read where that was. One byte per phase, 1 while it lasts; what was written to a file
// before SIGKILL is there after it. With PROMLET_KILL_IN it also kills the process itself in the middle of that phase.

import { channel } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { PHASES } from './phase-names.ts'

/** What the killing thread shares with the one whose phase it kills in. */
const TURN = 0 // odd while the phase lasts
const ARMED = 1 // the turn that the killer has seen
const MICROSECONDS = 2 // how long the phase took last time

const { PROMLET_PHASES: file, PROMLET_KILL_IN: aim, PROMLET_KILL_SKIP: skip } = process.env

if (workerData?.killer !== undefined) waitAndKill(workerData.killer as Int32Array, workerData.skip as number)
else if (file !== undefined) listen(file)

function listen(path: string): void {
  const descriptor = openSync(path, 'r+')
  // Checkpoints happen in a thread of their own.
  const killer = aim !== undefined && isMainThread !== (aim === 'checkpoint') ? startKiller() : undefined
  for (const [index, phase] of PHASES.entries()) {
    const mark = (byte: number) => writeSync(descriptor, Uint8Array.of(byte), 0, 1, index)
    const own = phase === aim ? killer : undefined
    let start = 0n
    channel(`tracing:promlet:${phase}:start`).subscribe(() => {
      mark(1)
      start = process.hrtime.bigint()
      if (own !== undefined) arm(own)
    })
    channel(`tracing:promlet:${phase}:end`).subscribe(() => {
      mark(0)
      if (own === undefined) return
      own[MICROSECONDS] = Number((process.hrtime.bigint() - start) / 1000n)
      Atomics.add(own, TURN, 1)
    })
  }
}

function startKiller(): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(12))
  shared[MICROSECONDS] = 300
  new Worker(new URL(import.meta.url), { workerData: { killer: shared, skip: Number(skip ?? 0) } }).unref()
  return shared
}

/** Begins a phase, and waits until the killer is awake: a phase may be shorter than waking up takes. */
function arm(shared: Int32Array): void {
  const turn = Atomics.add(shared, TURN, 1) + 1
  Atomics.notify(shared, TURN)
  for (const end = process.hrtime.bigint() + 5_000_000_000n; process.hrtime.bigint() < end; ) {
    const armed = Atomics.load(shared, ARMED)
    if (armed >= turn) return
    Atomics.wait(shared, ARMED, armed, 20)
  }
}

function waitAndKill(shared: Int32Array, skipped: number): void {
  for (let turn = 0; ; ) {
    Atomics.wait(shared, TURN, turn)
    turn = Atomics.load(shared, TURN)
    if (turn % 2 === 0) continue
    Atomics.store(shared, ARMED, turn)
    Atomics.notify(shared, ARMED)
    if (turn / 2 < skipped) continue
    const until = process.hrtime.bigint() + BigInt(Math.floor(Math.random() * (shared[MICROSECONDS] as number) * 1000))
    while (process.hrtime.bigint() < until);
    if (Atomics.load(shared, TURN) === turn) process.kill(process.pid, 'SIGKILL')
  }
}
