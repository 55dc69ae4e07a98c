export { createFailureLog, type FailureLog, type FailureLogOptions } from './failure-log.ts'
export {
  createLogger,
  type LogDestination,
  type LogFormat,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  silentLogger,
} from './logger.ts'
export { PlainHistogram, type PlainHistogramOptions } from './plain-histogram.ts'
export { buildInfo, processMetrics } from './process-metrics.ts'
export { RecentQuantiles } from './recent-quantiles.ts'
export { RecentSummary, type RecentSummaryOptions } from './recent-summary.ts'
export {
  Counter,
  createRegistry,
  Gauge,
  Histogram,
  METRICS_CONTENT_TYPE,
  type Metric,
  Registry,
  Summary,
  sharedMetric,
  writeMetrics,
} from './registry.ts'
