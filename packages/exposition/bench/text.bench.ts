// How long an unchanged body of 2,000 series takes to read, and what a changed one costs. `node packages/exposition/bench/text.bench.ts`

import { createParser, UNKNOWN } from '../src/index.ts'

const SERIES = 2000
const ROUNDS = 2000

const body = (round: number, extra = '') => {
  let text = extra
  for (let index = 0; index < SERIES; index++) {
    if (index % 20 === 0)
      text += `# HELP http_request_duration_seconds_${index} How long requests took.\n# TYPE http_request_duration_seconds_${index} counter\n`
    text += `http_request_duration_seconds_${index - (index % 20)}{method="GET",path="/api/v1/items/${index}",code="200"} ${index * 1000 + round * (index % 3 === 0 ? 0.25 : 3)}\n`
  }
  return Buffer.from(text)
}

function measure(name: string, bodies: readonly Uint8Array[]): void {
  const parser = createParser('text/plain')
  let id = 0
  let sum = 0
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    parser.start(bodies[round % bodies.length] as Uint8Array)
    for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) {
      if (entry === 'comment') continue
      if (parser.recalled === UNKNOWN) parser.remember(id++)
      if (entry === 'series') sum += parser.value
    }
    parser.keep()
    times.push(performance.now() - start)
  }
  times.sort((left, right) => left - right)
  const at = (share: number) => ((times[Math.floor(times.length * share)] as number) * 1000).toFixed(0)
  process.stdout.write(`${name}: median ${at(0.5)} us, p90 ${at(0.9)} us, ${bodies[0]?.length} bytes (${sum})\n`)
}

const bodies = Array.from({ length: 8 }, (_, round) => body(round))
measure('unchanged', bodies)
measure(
  'one new series',
  bodies.map((_, round) => body(round, `build_info{run="${round}"} 1\n`)),
)
