import { describe, expect, test } from 'vitest'
import { UNKNOWN } from './line-memory.ts'
import { createOpenMetricsParser, createTextParser } from './line-parser.ts'
import type { ExpositionParser } from './parser.ts'

/** Reads a body, numbers what is new from `fresh` on, and gives per series `text=number` of what was told again. */
function read(parser: ExpositionParser, body: string, fresh = 0): string[] {
  const seen: string[] = []
  let id = fresh
  parser.start(Buffer.from(body))
  for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) {
    if (entry === 'series') seen.push(`${parser.seriesText()}=${parser.recalled}`)
    if (entry !== 'comment' && parser.recalled === UNKNOWN) parser.remember(id++)
  }
  return seen
}

const BODY = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200"} 10
http_requests_total{code="500"} 2

# TYPE up gauge
up 1
`

describe('the text parser', () => {
  test('tells series again whatever their values became', () => {
    const parser = createTextParser()
    expect(read(parser, BODY)).toEqual(['http_requests_total{code="200"}=-1', 'http_requests_total{code="500"}=-1', 'up=-1'])
    parser.keep()
    const later = BODY.replace(' 10', ' 1.5e+300').replace('up 1', 'up +Inf 1700000000000')
    expect(read(parser, later)).toEqual(['http_requests_total{code="200"}=2', 'http_requests_total{code="500"}=3', 'up=5'])
  })

  test('remembers nothing of a body that was not kept', () => {
    const parser = createTextParser()
    read(parser, 'a 1\nb 1\n')
    parser.keep()
    read(parser, 'c 1\nb 1\na 1\n', 7)
    expect(read(parser, 'a 1\nb 1\nc 1\n', 9)).toEqual(['a=0', 'b=1', 'c=-1'])
  })

  test('finds series that came, went and changed places', () => {
    const parser = createTextParser()
    read(parser, 'a 1\nb 1\nc 1\nd 1\n')
    parser.keep()
    expect(read(parser, 'd 1\nx 1\na 1\nc 1\n', 4)).toEqual(['d=3', 'x=-1', 'a=0', 'c=2'])
    parser.keep()
    expect(read(parser, 'd 1\nx 1\na 1\nc 1\nb 1\n', 5)).toEqual(['d=3', 'x=4', 'a=0', 'c=2', 'b=-1'])
    parser.keep()
    expect(read(parser, 'd 1\nx 1\n')).toEqual(['d=3', 'x=4'])
    parser.keep()
    expect(read(parser, 'd 1\nx 1\na 1\n', 6)).toEqual(['d=3', 'x=4', 'a=-1'])
  })

  test('does not take a series for another whose text begins alike', () => {
    const parser = createTextParser()
    read(parser, 'up 1\nup{job="a"} 1\n')
    parser.keep()
    expect(read(parser, 'up {job="b"} 1\nup{job="a"}1\nup 2', 2)).toEqual(['up {job="b"}=-1', 'up{job="a"}=-1', 'up=0'])
  })

  test('does not remember a last line of metadata that lacks its newline', () => {
    const parser = createTextParser()
    read(parser, 'up 1\n# HELP up Is')
    parser.keep()
    expect(read(parser, 'up 1\n# HELP up Is it up?\nup{a="b"} 1\n', 2)).toEqual(['up=0', 'up{a="b"}=-1'])
    expect(parser.next()).toBe('end')
  })

  test('knows the type that holds for a remembered line', () => {
    const parser = createTextParser()
    const body = '# TYPE rpc summary\nrpc{quantile="1"} 3\n'
    read(parser, body)
    parser.keep()
    parser.start(Buffer.from(body))
    expect([parser.next(), parser.next()]).toEqual(['metadata', 'series'])
    expect(parser.labels().toJSON()).toEqual({ __name__: 'rpc', quantile: '1.0' })
  })

  test('gives NaN as the ordinary NaN and timestamps in milliseconds', () => {
    const parser = createTextParser()
    parser.start(Buffer.from('a NaN 123123\n'))
    parser.next()
    expect([parser.value, parser.timestampMs]).toEqual([Number.NaN, 123123])
  })

  test('refuses a series with one label twice', () => {
    const parser = createTextParser()
    parser.start(Buffer.from('a{b="1",b="2"} 1\n'))
    parser.next()
    expect(() => parser.labels()).toThrow('label name "b" is not unique: invalid sample')
  })

  test('takes a run of known series at once, and leaves the first one that is otherwise', () => {
    const parser = createTextParser()
    read(parser, 'a 1\nb 1\nc 1\nd 1\ne 1\n')
    parser.keep()
    const take = (body: string) => {
      const known = { values: new Float64Array(5), present: new Uint8Array(5), lines: 0, samples: 0 }
      parser.start(Buffer.from(body))
      parser.takeKnown(known)
      const next = parser.next() === 'series' ? `${parser.seriesText()}=${parser.recalled} ${parser.value}` : 'end'
      return `${known.lines} lines, ${known.samples} samples ${known.values.filter((_, id) => known.present[id] === 1)}, then ${next}`
    }
    expect(take('a 2\nb -.5e1\nc 3\nd NaN\ne 4\n')).toBe('5 lines, 5 samples 2,-5,3,NaN,4, then end')
    expect(take('a 2\nx 7\nb 3\n')).toBe('1 lines, 1 samples 2, then x=-1 7')
    expect(take('a 2\nb 3 1700000000000\n')).toBe('1 lines, 1 samples 2, then b=1 3')
    expect(take('a 2\nb +Inf\n')).toBe('1 lines, 1 samples 2, then b=1 Infinity')
    expect(take('a 2\nb 3')).toBe('1 lines, 1 samples 2, then b=1 3')
    parser.renumber((id) => [0, -2, 0, UNKNOWN, 4][id] as number)
    expect(take('a 2\nb 3\nc 4\n')).toBe('2 lines, 1 samples 2, then c=0 4')
    expect(take('b 3\nc 4\nd 5\n')).toBe('0 lines, 0 samples , then b=-2 3')
  })

  test('reads any shuffle of lines, remembered or not, as one that remembers nothing', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `m${index % 7}{i="${index}"} ${index}\n`)
    const parser = createTextParser()
    for (let round = 0; round < 200; round++) {
      const body = lines.filter((_, index) => (index * 7919 + round * 104729) % 13 !== 0).sort((a, b) => order(a, round) - order(b, round))
      const seen = read(parser, body.join(''), 1000 * round).map((text) => text.slice(0, text.lastIndexOf('=')))
      expect(seen, `round ${round}`).toEqual(body.map((line) => line.split(' ')[0]))
      if (round % 3 !== 0) parser.keep()
    }
  })
})

/** Lines change places every tenth round only. */
function order(line: string, round: number): number {
  return (line.charCodeAt(1) * 31 + line.length * 17 + Math.floor(round / 10) * line.charCodeAt(line.length - 2)) % 101
}

describe('the OpenMetrics parser', () => {
  const body = `# TYPE http_requests counter
# HELP http_requests Requests.
http_requests_total{code="200"} 10
http_requests_total{code="500"} 2 1700000000.25 # {trace_id="abc"} 0.5 1700000000.125
# EOF
`

  test('tells series again, also those with timestamps and exemplars', () => {
    const parser = createOpenMetricsParser()
    expect(read(parser, body)).toEqual(['http_requests_total{code="200"}=-1', 'http_requests_total{code="500"}=-1'])
    parser.keep()
    expect(read(parser, body.replace(' 10', ' 11'))).toEqual(['http_requests_total{code="200"}=2', 'http_requests_total{code="500"}=3'])
  })

  test('gives seconds as milliseconds, and exemplars only of their own line', () => {
    const parser = createOpenMetricsParser()
    const found: unknown[] = []
    parser.start(Buffer.from(body.replace('# EOF', 'up 1\n# EOF')))
    for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) {
      if (entry !== 'series') continue
      const exemplars = parser.exemplars().map(({ labels, value, at }) => [labels.toString(), value, at])
      found.push([parser.value, parser.timestampMs, exemplars])
    }
    expect(found).toEqual([
      [10, Number.NaN, []],
      [2, 1_700_000_000_250, [['{trace_id="abc"}', 0.5, 1_700_000_000_125]]],
      [1, Number.NaN, []],
    ])
  })

  test('asks for the end of the data to be marked, every time', () => {
    const parser = createOpenMetricsParser()
    read(parser, 'up 1\n# EOF\n')
    parser.keep()
    expect(() => read(parser, 'up 1\n')).toThrow('data does not end with # EOF')
  })
})
