export type { Alert } from './alert.ts'
export { type Clock, systemClock, type TimerCallback } from './clock.ts'
export type { Component } from './component.ts'
export { formatDuration, parseDuration } from './duration.ts'
export { type CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, type Span } from './histogram.ts'
export {
  addHistograms,
  compactHistogram,
  divideHistogram,
  type HistogramSum,
  reduceResolution,
  scaleHistogram,
  subtractHistograms,
} from './histogram-arithmetic.ts'
export { allBuckets, type Bucket, bucketIndexes, customBound, exponentialBound, hasCustomBuckets, spansOf } from './histogram-buckets.ts'
export { equalHistograms, isReset } from './histogram-compare.ts'
export { describeHistogram, formatHistogram } from './histogram-text.ts'
export {
  compareText,
  isLegacyLabelName,
  isLegacyMetricName,
  isValidName,
  Labels,
  METRIC_NAME,
  quote,
  quoteNameIfNeeded,
  quoteToAscii,
} from './labels.ts'
export { toLowerGo, toUpperGo } from './letter-case.ts'
export { Matcher, type MatchOperator, matchesAll } from './matcher.ts'
export { formatGeneral, formatPlain, formatValue, parseFloatGo } from './number.ts'
export {
  type AlertSink,
  type Answer,
  type Appendable,
  type Appender,
  type CommitOptions,
  type MatcherSets,
  type Queryable,
  type QueryEngine,
  QueryError,
  type QueryOptions,
  type Refusals,
  type Selection,
  type SelectOptions,
  type SeriesColumns,
  type TimeRange,
  type Value,
  type VectorSample,
} from './ports.ts'
export { type AnchoredRegex, compileAnchored, compileGo, compileRe2 } from './regex.ts'
export { compileGroups, type GroupMatcher, type GroupsRegex } from './regex-groups.ts'
export { expand, parseTemplate, type RegexTemplate } from './regex-template.ts'
export { compileRelabel, type NameValidation, type Relabel, type RelabelAction, type RelabelConfig, relabelDefaults } from './relabel.ts'
export { checkRelabelConfig, isNameTemplate } from './relabel-check.ts'
export type { Exemplar, Metadata, MetricType } from './sample.ts'
export { isStaleAt, setStale, staleColumn } from './stale.ts'
export type { DurationMs, LayoutRef, Millis, SeriesRef } from './units.ts'
