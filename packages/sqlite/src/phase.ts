// What a file is going through at this moment, told on Node's tracing channels to whoever listens: a tracer, a profiler,
// or a test that ends the process in the middle of it. Without listeners it costs nothing.
// https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel

import { tracingChannel } from 'node:diagnostics_channel'

/** `commit` of a batch, `checkpoint` of the log; the others are the store's work beside commits, slice by slice. */
export type Phase = 'migration' | 'commit' | 'compaction' | 'deletion' | 'retention' | 'sweep' | 'checkpoint'

const channels = {
  migration: tracingChannel('promlet:migration'),
  commit: tracingChannel('promlet:commit'),
  compaction: tracingChannel('promlet:compaction'),
  deletion: tracingChannel('promlet:deletion'),
  retention: tracingChannel('promlet:retention'),
  sweep: tracingChannel('promlet:sweep'),
  checkpoint: tracingChannel('promlet:checkpoint'),
} satisfies Readonly<Record<Phase, unknown>>

/** Runs something synchronous between the `start` and the `end` of the channel `promlet:<phase>`, in its own thread. */
export function inPhase<Result>(phase: Phase, run: () => Result): Result {
  return channels[phase].traceSync(run)
}
