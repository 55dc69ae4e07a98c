import type { Flag } from './flags.ts'

const text = (name: string, value: string, help: string): Flag => ({ name, kind: 'text', default: value, help })
const list = (name: string, help: string): Flag => ({ name, kind: 'list', default: '', help })
const on = (name: string, help: string, value = 'false'): Flag => ({ name, kind: 'switch', default: value, help })
const inert = (name: string, kind: Flag['kind'] = 'text'): Flag => ({
  name,
  kind,
  default: '',
  help: 'Accepted, without a meaning here.',
  inert: true,
})

const logFlags: readonly Flag[] = [
  text('log.level', 'info', 'Least severe level that is logged: debug, info, warn, error.'),
  text('log.format', 'logfmt', 'logfmt or json.'),
]

/** Flags of `promlet serve` with Prometheus's names, and those of its own that say where other processes are. */
export const prometheusFlags: readonly Flag[] = [
  text('config.file', 'prometheus.yml', 'Configuration file, in the form of prometheus.yml.'),
  text('web.listen-address', '127.0.0.1:9090', 'Address of the API, the page and the metrics.'),
  text('web.config.file', '', 'File with TLS settings and basic auth users.'),
  text('web.read-timeout', '5m', 'How long reading a request may take.'),
  text('web.max-connections', '512', 'Most connections at a time.'),
  text('web.external-url', '', 'The URL under which this server is reached from outside; used in links.'),
  text('web.route-prefix', '', 'Prefix of all paths; the path of --web.external-url when not given.'),
  on('web.enable-lifecycle', 'Turns on POST /-/reload and /-/quit.'),
  on('web.enable-admin-api', 'Turns on the admin API.'),
  on('web.enable-remote-write-receiver', 'Turns on POST /api/v1/write.'),
  text('web.page-title', 'Promlet', 'Title of the page.'),
  text('web.cors.origin', '.*', 'Regular expression of the origins that browsers may call from.'),
  text('storage.tsdb.path', 'data/', 'Folder of the store, or :memory:.'),
  text('storage.tsdb.retention.time', '', 'How long samples are kept; 15d when nothing is said.'),
  text('storage.tsdb.retention.size', '', 'How many bytes the store may take, such as 512MB.'),
  text('storage.remote.read-sample-limit', '5e7', 'Most samples that one remote read returns; 0 is no limit.'),
  text('storage.remote.flush-deadline', '1m', 'How long to wait for queues of remote write at the end.'),
  text('rules.alert.for-outage-tolerance', '1h', 'Longest outage over which the for state of alerts is restored.'),
  text('rules.alert.for-grace-period', '10m', 'Alerts with a longer for have at least this left after a restart.'),
  text('rules.alert.resend-delay', '1m', 'Least time between two notifications of one alert.'),
  text('alertmanager.notification-queue-capacity', '10000', 'Most alerts that wait for an Alertmanager.'),
  on('alertmanager.drain-notification-queue-on-shutdown', 'Send what waits before ending.', 'true'),
  text('query.lookback-delta', '5m', 'How far back a sample is looked for.'),
  text('query.timeout', '2m', 'Longest time that a query may take.'),
  text('query.max-concurrency', '20', 'Most queries at a time.'),
  text('query.max-samples', '50000000', 'Most samples that a query may load.'),
  list(
    'enable-feature',
    'promql-per-step-stats, type-and-unit-labels, or names of what is on anyway; no- before such a name turns it off, as in ' +
      'no-promql-experimental-functions. Several with commas, or the flag several times.',
  ),
  text('query.url', '', 'Promlet: a Prometheus-compatible server that answers the queries of rules when tsdb runs elsewhere.'),
  text('scraper.url', '', 'Promlet: the scraper process that /api/v1/targets asks when it runs elsewhere.'),
  text('rule-engine.url', '', 'Promlet: the rule-engine process that /api/v1/rules and /alerts ask when it runs elsewhere.'),
  ...logFlags,
  inert('web.user-assets'),
  inert('web.console.templates'),
  inert('web.console.libraries'),
  inert('web.max-notifications-subscribers'),
  inert('web.remote-write-receiver.accepted-protobuf-messages', 'list'),
  inert('storage.tsdb.no-lockfile', 'switch'),
  inert('storage.tsdb.head-chunks-write-queue-size'),
  inert('storage.tsdb.min-block-duration'),
  inert('storage.tsdb.max-block-duration'),
  inert('storage.tsdb.max-block-chunk-segment-size'),
  inert('storage.tsdb.wal-segment-size'),
  inert('storage.tsdb.wal-compression', 'switch'),
  inert('storage.tsdb.wal-compression-type'),
  inert('storage.tsdb.allow-overlapping-blocks', 'switch'),
  inert('storage.tsdb.samples-per-chunk'),
  inert('storage.tsdb.delay-compact-file.path'),
  inert('storage.remote.read-concurrent-limit'),
  inert('storage.remote.read-max-bytes-in-frame'),
  inert('rules.max-concurrent-evals'),
  inert('alertmanager.notification-batch-size'),
  inert('scrape.adjust-timestamps', 'switch'),
  inert('scrape.timestamp-tolerance'),
  inert('scrape.discovery-reload-interval'),
  inert('scrape.name-escaping-scheme'),
  inert('config.auto-reload-interval'),
  inert('auto-gomaxprocs', 'switch'),
  inert('auto-gomemlimit', 'switch'),
  inert('auto-gomemlimit.ratio'),
]

/** Flags of `promlet serve pushgateway`, with the names of the original. */
export const pushgatewayFlags: readonly Flag[] = [
  text('web.listen-address', '127.0.0.1:9091', 'Address that jobs push to.'),
  text('web.config.file', '', 'File with TLS settings and basic auth users.'),
  text('web.telemetry-path', '/metrics', 'Path of the pushed and own metrics.'),
  text('web.external-url', '', 'The URL under which it is reached from outside.'),
  text('web.route-prefix', '', 'Prefix of all paths; the path of --web.external-url when not given.'),
  on('web.enable-lifecycle', 'Turns on PUT /-/quit and /-/reload.'),
  on('web.enable-admin-api', 'Turns on the admin API.'),
  text('persistence.file', '', 'File that keeps pushed metrics over a restart; kept in memory only when not given.'),
  text('persistence.interval', '5m', 'Least time between two writes of that file.'),
  on('push.disable-consistency-check', 'Take pushes without checking them against what is there.'),
  on('push.enable-utf8-names', 'Take metric and label names with any characters.'),
  ...logFlags,
]

/** The Pushgateway's flags as they are named when it runs with other components: `--pushgateway.web.listen-address`. */
export const prefixedPushgatewayFlags: readonly Flag[] = pushgatewayFlags
  .filter(({ name, inert }) => inert !== true && !name.startsWith('log.'))
  .map((flag) => ({ ...flag, name: `pushgateway.${flag.name}` }))
