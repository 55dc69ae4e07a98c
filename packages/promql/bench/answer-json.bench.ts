// How long writing the JSON of an answer takes: 20 series at 1,440 steps. Run with
// `node packages/promql/bench/answer-json.bench.ts`; it prints nanoseconds per sample.

import { Labels, type Value } from '@promlet/model'
import { answerJson } from '@promlet/promql'

const SERIES = 20
const STEPS = 1_440
const ROUNDS = 60

const kinds: readonly (readonly [name: string, value: (series: number, step: number, round: number) => number])[] = [
  ['rates, with all digits', (series, step, round) => (Math.sin(step + series + round / 7) + 1.1) / 3],
  ['gauges with two decimals', (series, step, round) => Math.round((Math.sin(step + series + round / 7) + 1.1) * 100) / 100],
  ['counters', (series, step, round) => series * 1000 + step * 17 + round],
  ['gauges that stand still', (series) => series / 10],
]

const times = Float64Array.from({ length: STEPS }, (_, step) => 1_795_370_550_000 + step * 15_000)

for (const [name, sample] of kinds) {
  // No round has the values of another: the engine remembers texts of numbers.
  const laps = Array.from({ length: ROUNDS }, (_, round) => {
    const series = Array.from({ length: SERIES }, (_, index) => ({
      labels: Labels.of({ __name__: 'node_load1', instance: `host-${index}:9100`, job: 'node' }),
      times,
      values: Float64Array.from({ length: STEPS }, (_, step) => sample(index, step, round)),
    }))
    const value: Value = { kind: 'matrix', series }
    const start = performance.now()
    for (const _ of answerJson(value));
    return performance.now() - start
  }).sort((left, right) => left - right)
  const ns = ((laps[ROUNDS / 2] ?? 0) * 1e6) / (SERIES * STEPS)
  process.stdout.write(`${name.padEnd(32)} ${ns.toFixed(0).padStart(6)} ns\n`)
}
