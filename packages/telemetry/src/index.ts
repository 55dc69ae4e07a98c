export { type LogFormat, type Logger, type LogLevel, silentLogger } from './logger.ts'
export { Counter, createRegistry, Gauge, Histogram, type Metric, mergeRegistries, Registry, Summary } from './registry.ts'
