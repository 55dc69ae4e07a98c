import { parseSize } from '@promlet/config'
import { parseDuration } from '@promlet/model'
import { COMPONENTS, type ComponentName, defaultSettings, type PushgatewaySettings, type StackSettings } from '@promlet/server'
import { CommandError } from './command.ts'
import { type Flag, type FlagValues, parseFlags } from './flags.ts'
import { nearName } from './near-name.ts'
import { prefixedPushgatewayFlags, prometheusFlags, pushgatewayFlags } from './serve-flags.ts'
import { VERSION } from './version.ts'

/** A command line of `promlet serve`, read. */
export interface ServeCommand {
  readonly settings: StackSettings
  readonly flags: FlagValues
}

/**
 * Reads what stands behind `promlet serve`. The Pushgateway alone takes the original's flags; together with others its
 * flags have the prefix `pushgateway.`.
 * @throws CommandError for a component or flag that is unknown, or a value that is none.
 */
export function readServeCommand(args: readonly string[]): ServeCommand {
  const components = readComponents(args)
  const flags = parseFlags(flagsFor(components), args.slice(firstFlag(args)))
  if (flags.positionals.length > 0) throw new CommandError(`"${flags.positionals[0]}" is no flag; components stand before the flags`)
  const settings = isPushgatewayAlone(components)
    ? { ...defaultSettings, components, pushgateway: readPushgateway(flags, ''), flags: flags.all, version: VERSION }
    : readSettings(components, flags)
  return { settings, flags }
}

/**
 * The components named before the first flag; all when none is.
 * @throws CommandError for a name that is none.
 */
export function readComponents(args: readonly string[]): ReadonlySet<ComponentName> {
  const names = args.slice(0, firstFlag(args))
  for (const name of names) {
    if (COMPONENTS.includes(name as ComponentName)) continue
    const near = nearName(name, COMPONENTS)
    throw new CommandError(
      `there is no component "${name}"; ${near === undefined ? `there are ${COMPONENTS.join(', ')}` : `did you mean ${near}?`}`,
    )
  }
  return new Set((names.length === 0 ? COMPONENTS : names) as readonly ComponentName[])
}

/** Then it takes the original's flags as they are. */
export function isPushgatewayAlone(components: ReadonlySet<ComponentName>): boolean {
  return components.size === 1 && components.has('pushgateway')
}

/** The flags that `serve` takes for a choice of components. */
function flagsFor(components: ReadonlySet<ComponentName>): readonly Flag[] {
  if (!components.has('pushgateway')) return prometheusFlags
  return isPushgatewayAlone(components) ? pushgatewayFlags : [...prometheusFlags, ...prefixedPushgatewayFlags]
}

function firstFlag(args: readonly string[]): number {
  const index = args.findIndex((arg) => arg.startsWith('-'))
  return index < 0 ? args.length : index
}

function readSettings(components: ReadonlySet<ComponentName>, flags: FlagValues): StackSettings {
  const externalUrl = flags.text('web.external-url')
  const needsConfig = components.has('scraper') || components.has('rule-engine')
  return {
    components,
    configFile: needsConfig || flags.given('config.file') ? flags.text('config.file') : undefined,
    web: {
      listenAddress: flags.text('web.listen-address'),
      configFile: optional(flags, 'web.config.file'),
      externalUrl: externalUrl === '' ? undefined : externalUrl.replace(/\/+$/, ''),
      routePrefix: readPrefix(flags, ''),
      enableLifecycle: flags.on('web.enable-lifecycle'),
      enableAdminApi: flags.on('web.enable-admin-api'),
      enableRemoteWriteReceiver: flags.on('web.enable-remote-write-receiver'),
      corsOrigin: flags.text('web.cors.origin'),
      pageTitle: flags.text('web.page-title'),
      readTimeoutMs: duration(flags, 'web.read-timeout'),
      maxConnections: count(flags, 'web.max-connections'),
    },
    storage: {
      path: flags.text('storage.tsdb.path'),
      retentionTimeMs: readRetention(flags),
      retentionSizeBytes: flags.text('storage.tsdb.retention.size') === '' ? 0 : bytes(flags, 'storage.tsdb.retention.size'),
    },
    query: {
      lookbackMs: duration(flags, 'query.lookback-delta'),
      timeoutMs: duration(flags, 'query.timeout'),
      maxConcurrency: count(flags, 'query.max-concurrency'),
      samplesMax: count(flags, 'query.max-samples'),
    },
    rules: {
      forOutageToleranceMs: duration(flags, 'rules.alert.for-outage-tolerance'),
      forGracePeriodMs: duration(flags, 'rules.alert.for-grace-period'),
      resendDelayMs: duration(flags, 'rules.alert.resend-delay'),
    },
    notifier: {
      queueCapacity: count(flags, 'alertmanager.notification-queue-capacity'),
      drainOnShutdown: flags.on('alertmanager.drain-notification-queue-on-shutdown'),
    },
    remoteFlushDeadlineMs: duration(flags, 'storage.remote.flush-deadline'),
    remoteReadSamplesMax: count(flags, 'storage.remote.read-sample-limit'),
    pushgateway: components.has('pushgateway') ? readPushgateway(flags, 'pushgateway.') : defaultSettings.pushgateway,
    features: new Set(flags.list('enable-feature')),
    elsewhere: { scraper: url(flags, 'scraper.url'), ruleEngine: url(flags, 'rule-engine.url'), query: url(flags, 'query.url') },
    flags: flags.all,
    version: VERSION,
  }
}

/** Prometheus: without either flag 15 days are kept; with a size alone, time is no limit. */
function readRetention(flags: FlagValues): number {
  if (flags.text('storage.tsdb.retention.time') !== '') return duration(flags, 'storage.tsdb.retention.time')
  return flags.text('storage.tsdb.retention.size') === '' ? defaultSettings.storage.retentionTimeMs : 0
}

function readPushgateway(flags: FlagValues, prefix: string): PushgatewaySettings {
  return {
    listenAddress: flags.text(`${prefix}web.listen-address`),
    configFile: optional(flags, `${prefix}web.config.file`),
    persistenceFile: optional(flags, `${prefix}persistence.file`),
    persistenceIntervalMs: duration(flags, `${prefix}persistence.interval`),
    telemetryPath: flags.text(`${prefix}web.telemetry-path`),
    routePrefix: readPrefix(flags, prefix),
    enableLifecycle: flags.on(`${prefix}web.enable-lifecycle`),
    enableAdminApi: flags.on(`${prefix}web.enable-admin-api`),
    disableConsistencyCheck: flags.on(`${prefix}push.disable-consistency-check`),
    enableUtf8Names: flags.on(`${prefix}push.enable-utf8-names`),
  }
}

/** The path of the external URL unless a prefix was given. */
function readPrefix(flags: FlagValues, prefix: string): string {
  const given = flags.text(`${prefix}web.route-prefix`)
  if (given !== '') return `/${given.replace(/^\/+|\/+$/g, '')}`
  const external = url(flags, `${prefix}web.external-url`)
  return external === undefined ? '/' : new URL(external).pathname
}

function optional(flags: FlagValues, name: string): string | undefined {
  const value = flags.text(name)
  return value === '' ? undefined : value
}

function url(flags: FlagValues, name: string): string | undefined {
  const value = optional(flags, name)
  if (value === undefined) return undefined
  if (!URL.canParse(value) || !/^https?:/.test(value)) throw wrong(name, value, 'a URL such as http://127.0.0.1:9090')
  return value.replace(/\/+$/, '')
}

function duration(flags: FlagValues, name: string): number {
  try {
    return parseDuration(flags.text(name))
  } catch (error) {
    throw wrong(name, flags.text(name), 'a duration such as 30s or 1h30m', error)
  }
}

function count(flags: FlagValues, name: string): number {
  const value = flags.text(name)
  if (!/^\d+(e\d+)?$/.test(value)) throw wrong(name, value, 'a whole number')
  return Number(value)
}

function bytes(flags: FlagValues, name: string): number {
  try {
    return parseSize(flags.text(name))
  } catch (error) {
    throw wrong(name, flags.text(name), 'a size such as 512MB', error)
  }
}

function wrong(name: string, value: string, expected: string, cause?: unknown): CommandError {
  return new CommandError(`--${name}: expected ${expected}, found "${value}"`, { cause })
}
