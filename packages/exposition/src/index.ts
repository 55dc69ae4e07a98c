export { ExpositionError } from './error.ts'
export type { Family, FamilyType, HistogramSample, LabelPair, Metric, Sample, SummarySample, ValueSample } from './family.ts'
export { type ParseFamiliesOptions, parseFamilies } from './parse-families.ts'
export { writeFamilies, writeMetricLines } from './write-families.ts'
