import { defaultSettings } from '@promlet/server'
import { describe, expect, test } from 'vitest'
import { readServeCommand } from './serve-settings.ts'

const settings = (...args: string[]) => readServeCommand(args).settings

describe('components', () => {
  test('all of them when none is named', () =>
    expect([...settings().components]).toEqual(['scraper', 'tsdb', 'rule-engine', 'pushgateway']))
  test('those before the first flag', () =>
    expect([...settings('scraper', 'tsdb', '--web.enable-lifecycle').components]).toEqual(['scraper', 'tsdb']))

  const refuses = (args: string[], message: string) =>
    test(`${args.join(' ')}: ${message}`, () => expect(() => settings(...args)).toThrow(message))
  refuses(['alertmanager'], 'there is no component "alertmanager"; there are scraper, tsdb, rule-engine, pushgateway')
  refuses(['rule_engine'], 'there is no component "rule_engine"; did you mean rule-engine?')
  refuses(['--log.level=info', 'tsdb'], '"tsdb" is no flag; components stand before the flags')
})

describe('flags', () => {
  test('with none, settings are those of Prometheus', () => {
    const { web, storage, query, rules, notifier, remoteFlushDeadlineMs, configFile, elsewhere } = settings()
    expect({ query, rules, notifier, remoteFlushDeadlineMs }).toEqual({
      query: defaultSettings.query,
      rules: defaultSettings.rules,
      notifier: defaultSettings.notifier,
      remoteFlushDeadlineMs: defaultSettings.remoteFlushDeadlineMs,
    })
    expect(web).toEqual({ ...defaultSettings.web, listenAddress: '127.0.0.1:9090' })
    expect(storage).toEqual({ ...defaultSettings.storage, path: 'data/' })
    expect(configFile).toBe('prometheus.yml')
    expect(elsewhere).toEqual({ scraper: undefined, ruleEngine: undefined, query: undefined })
  })

  test('a store alone needs no configuration file, but takes one', () => {
    expect(settings('tsdb').configFile).toBeUndefined()
    expect(settings('tsdb', '--config.file=x.yml').configFile).toBe('x.yml')
    expect(settings('scraper').configFile).toBe('prometheus.yml')
  })

  test('values get their units', () => {
    const { query, storage, web, notifier } = settings(
      '--query.timeout=1m30s',
      '--storage.tsdb.retention.size=512MB',
      '--web.max-connections=7',
      '--no-alertmanager.drain-notification-queue-on-shutdown',
    )
    expect([query.timeoutMs, storage.retentionSizeBytes, web.maxConnections, notifier.drainOnShutdown]).toEqual([
      90_000,
      512 * 1024 ** 2,
      7,
      false,
    ])
  })

  const keeps = (args: string[], retentionTimeMs: number) =>
    test(`${args.join(' ') || 'nothing'} keeps samples ${retentionTimeMs} ms`, () =>
      expect(settings(...args).storage).toMatchObject({ retentionTimeMs }))
  keeps([], 15 * 86_400_000)
  keeps(['--storage.tsdb.retention.time=2h'], 7_200_000)
  keeps(['--storage.tsdb.retention.size=1GB'], 0)
  keeps(['--storage.tsdb.retention.size=1GB', '--storage.tsdb.retention.time=2h'], 7_200_000)

  const prefix = (args: string[], routePrefix: string) =>
    test(`${args.join(' ') || 'nothing'} has the prefix ${routePrefix}`, () => expect(settings(...args).web.routePrefix).toBe(routePrefix))
  prefix([], '/')
  prefix(['--web.external-url=http://example.org/prom/'], '/prom')
  prefix(['--web.external-url=http://example.org/prom', '--web.route-prefix=/'], '/')
  prefix(['--web.route-prefix=monitoring/'], '/monitoring')

  const refuses = (flag: string, message: string) => test(`${flag}: ${message}`, () => expect(() => settings(flag)).toThrow(message))
  refuses('--query.timeout=5', '--query.timeout: expected a duration such as 30s or 1h30m, found "5"')
  refuses('--web.max-connections=many', '--web.max-connections: expected a whole number, found "many"')
  refuses('--storage.tsdb.retention.size=big', '--storage.tsdb.retention.size: expected a size such as 512MB, found "big"')
  refuses('--query.url=127.0.0.1', '--query.url: expected a URL such as http://127.0.0.1:9090, found "127.0.0.1"')
})

describe('the Pushgateway', () => {
  test('alone it takes the flags of the original', () => {
    const { pushgateway } = settings('pushgateway', '--web.listen-address=:9191', '--persistence.file=p.db', '--persistence.interval=1s')
    expect(pushgateway).toMatchObject({ listenAddress: ':9191', persistenceFile: 'p.db', persistenceIntervalMs: 1000 })
    expect(() => settings('pushgateway', '--storage.tsdb.path=x')).toThrow('unknown flag --storage.tsdb.path')
  })

  test('with others its flags have a prefix', () => {
    const { pushgateway, web } = settings(
      '--pushgateway.web.listen-address=:9191',
      '--pushgateway.web.external-url=http://example.org/push',
    )
    expect(pushgateway).toMatchObject({ listenAddress: ':9191', routePrefix: '/push' })
    expect(web).toMatchObject({ listenAddress: '127.0.0.1:9090', routePrefix: '/' })
    expect(() => settings('--persistence.file=x')).toThrow('did you mean --pushgateway.persistence.file?')
  })

  test('without it there are no such flags', () =>
    expect(() => settings('tsdb', '--pushgateway.persistence.file=x')).toThrow('unknown flag --pushgateway.persistence.file'))
})
