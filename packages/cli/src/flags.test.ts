import { describe, expect, test } from 'vitest'
import { describeFlags, type Flag, parseFlags } from './flags.ts'

const table: readonly Flag[] = [
  { name: 'config.file', kind: 'text', default: 'prometheus.yml', help: 'Configuration file.' },
  { name: 'web.external-url', kind: 'text', default: '', help: 'The URL from outside.' },
  { name: 'web.enable-lifecycle', kind: 'switch', default: 'false', help: 'Turns on reloading.' },
  { name: 'drain', kind: 'switch', default: 'true', help: 'Send what waits.' },
  { name: 'enable-feature', kind: 'list', default: '', help: 'Features.' },
  { name: 'storage.tsdb.wal-segment-size', kind: 'text', default: '', help: 'Nothing.', inert: true },
]

describe('parseFlags', () => {
  test('takes the default for what is not given', () => {
    const flags = parseFlags(table, [])
    expect(flags.all).toEqual({
      'config.file': 'prometheus.yml',
      'web.external-url': '',
      'web.enable-lifecycle': 'false',
      drain: 'true',
      'enable-feature': '',
      'storage.tsdb.wal-segment-size': '',
    })
    expect([flags.on('drain'), flags.on('web.enable-lifecycle'), flags.given('drain'), flags.list('enable-feature')]).toEqual([
      true,
      false,
      false,
      [],
    ])
  })

  test('reads --name=value, --name value, --switch, --no-switch and what stands between', () => {
    const flags = parseFlags(table, [
      'a.yml',
      '--config.file',
      'b.yml',
      '--web.external-url=http://x/?a=b',
      '--web.enable-lifecycle',
      '--no-drain',
      'c',
    ])
    expect([flags.text('config.file'), flags.text('web.external-url')]).toEqual(['b.yml', 'http://x/?a=b'])
    expect([flags.on('web.enable-lifecycle'), flags.on('drain'), flags.given('drain')]).toEqual([true, false, true])
    expect(flags.positionals).toEqual(['a.yml', 'c'])
  })

  test('an empty value is a value', () => expect(parseFlags(table, ['--config.file=']).text('config.file')).toBe(''))

  test('a list may be repeated and separated by commas', () =>
    expect(parseFlags(table, ['--enable-feature=a,b', '--enable-feature', 'c']).list('enable-feature')).toEqual(['a', 'b', 'c']))

  test('a list gives what it was given as it was, too: selectors have commas', () =>
    expect(parseFlags(table, ['--enable-feature={a="1",b="2"}', '--enable-feature', 'c']).each('enable-feature')).toEqual([
      '{a="1",b="2"}',
      'c',
    ]))

  test('a letter may stand for a flag', () => {
    const output: Flag = { name: 'output', short: 'o', kind: 'text', default: '', help: 'File.' }
    expect(parseFlags([output], ['-o', 'a.om', 'data'])).toMatchObject({ positionals: ['data'] })
    for (const args of [['-o', 'a.om'], ['-oa.om'], ['--output=a.om']]) expect(parseFlags([output], args).text('output')).toBe('a.om')
    expect(() => parseFlags([output], ['-o'])).toThrow('-o needs a value: -o …')
    expect(describeFlags([output])).toBe('  -o, --output=…  File.')
  })

  test('what stands behind -- is no flag', () =>
    expect(parseFlags(table, ['--', '-up', '--bogus']).positionals).toEqual(['-up', '--bogus']))

  test('names the flags that mean nothing here, when they were given', () => {
    expect(parseFlags(table, []).inert).toEqual([])
    expect(parseFlags(table, ['--storage.tsdb.wal-segment-size=1MB']).inert).toEqual(['storage.tsdb.wal-segment-size'])
  })

  const refuses = (args: string[], message: string) =>
    test(`${args.join(' ')}: ${message}`, () => expect(() => parseFlags(table, args)).toThrow(message))
  refuses(['--config.fil=x'], 'unknown flag --config.fil; did you mean --config.file?')
  refuses(['--file=x'], 'unknown flag --file; did you mean --config.file?')
  refuses(['--bogus'], 'unknown flag --bogus; see --help')
  refuses(['--no-config.file'], 'unknown flag --no-config.file')
  refuses(['-c', 'x'], 'unknown flag -c; what begins with - and is no flag stands behind --')
  refuses(['--config.file'], '--config.file needs a value: --config.file=…')
  refuses(['--config.file', '--drain'], '--config.file needs a value: --config.file=…')
  refuses(['--web.enable-lifecycle=true'], '--web.enable-lifecycle is a switch and takes no value; --no-web.enable-lifecycle turns it off')
  refuses(['--no-drain=x'], '--drain is a switch and takes no value; --no-drain turns it off')
})

test('describeFlags gives one column to what flags mean, and a line of its own to a name that is too long', () => {
  const long = { name: 'alertmanager.notification-queue-capacity', kind: 'text', default: '10000', help: 'Most alerts.' } as const
  expect(describeFlags([...table.slice(0, 4), long])).toBe(
    `
  --config.file=prometheus.yml  Configuration file.
  --web.external-url=…          The URL from outside.
  --web.enable-lifecycle        Turns on reloading.
  --[no-]drain                  Send what waits.
  --alertmanager.notification-queue-capacity=10000
                                Most alerts.`.slice(1),
  )
})
