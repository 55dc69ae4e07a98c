import { describe, expect, test } from 'vitest'
import { createLogger, type LogFormat } from './logger.ts'

function capture(format: LogFormat, log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = []
  log(createLogger({ level: 'info', format, component: 'scraper', destination: { write: (line) => void lines.push(line) } }))
  return lines.join('').replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, 'NOW')
}

describe('a logger', () => {
  test('writes logfmt in the order time, level, component, msg, fields', () => {
    const text = capture('logfmt', (logger) => logger.warn({ job: 'node', instance: 'web-1:9100' }, 'scrape failed'))
    expect(text).toBe('time=NOW level=WARN component=scraper msg="scrape failed" job=node instance=web-1:9100\n')
  })

  test('writes JSON with the same fields', () => {
    const line = JSON.parse(capture('json', (logger) => logger.info({ job: 'node' }, 'started')))
    expect(line).toEqual({ time: 'NOW', level: 'INFO', component: 'scraper', msg: 'started', job: 'node' })
  })

  test('leaves out lines below its level', () => {
    expect(capture('logfmt', (logger) => logger.debug('scraped'))).toBe('')
  })

  test('keeps the fields of a child logger', () => {
    const text = capture('logfmt', (logger) => logger.child({ job: 'node' }).info('started'))
    expect(text).toBe('time=NOW level=INFO component=scraper msg=started job=node\n')
  })

  test('writes an error as its message with its causes, without the stack', () => {
    const err = new Error('connection refused', { cause: new Error('ECONNREFUSED') })
    const text = capture('logfmt', (logger) => logger.error({ err }, 'scrape failed'))
    expect(text).toBe('time=NOW level=ERROR component=scraper msg="scrape failed" err="connection refused: ECONNREFUSED"\n')
  })

  test('does not say a cause again that the message names', () => {
    const inner = new Error('dial tcp 127.0.0.1:1: connect: connection refused')
    const err = new Error(`Get "http://127.0.0.1:1/": ${inner.message}`, { cause: inner })
    inner.cause = err
    const text = capture('logfmt', (logger) => logger.error({ err }, 'scrape failed'))
    expect(text).toContain('err="Get \\"http://127.0.0.1:1/\\": dial tcp 127.0.0.1:1: connect: connection refused')
    inner.cause = undefined
    expect(capture('logfmt', (logger) => logger.error({ err }, 'scrape failed')).match(/refused/g)).toHaveLength(1)
  })

  test('adds the stack of an error that is a mistake in the program', () => {
    const text = capture('logfmt', (logger) => logger.error({ err: new TypeError('x is undefined') }, 'scrape failed'))
    expect(text).toMatch(/err="x is undefined" err\.stack="TypeError: x is undefined\\n {4}at /)
  })

  test('quotes what is empty, has spaces, quotes, equals signs or line breaks', () => {
    const fields = { empty: '', space: 'a b', quote: 'say "x"', equals: 'a=b', lines: 'a\nb', list: ['a', 1], deep: { on: true, n: 1.5 } }
    expect(capture('logfmt', (logger) => logger.info(fields, 'started'))).toBe(
      'time=NOW level=INFO component=scraper msg=started empty="" space="a b" quote="say \\"x\\"" equals="a=b" lines="a\\nb" ' +
        'list="[\\"a\\",1]" deep.on=true deep.n=1.5\n',
    )
  })
})
