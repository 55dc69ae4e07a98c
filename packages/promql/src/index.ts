export type { Elsewhere, LongQuery } from './elsewhere.ts'
export {
  createEngine,
  type EngineFeatures,
  type EngineObserver,
  type EngineOptions,
  type EngineQueryOptions,
  type ExplainTimes,
  type MeasuredAnswer,
  type PromqlEngine,
  type QueryStats,
  type WrittenQuery,
} from './engine.ts'
export type {
  Amount,
  DroppedSeries,
  DropReason,
  EmptyCode,
  EmptyReason,
  Examples,
  ExplainNode,
  Explanation,
  MatchedPair,
  MatchReport,
  SeriesSummary,
} from './explain/explanation.ts'
export { explanationText } from './explain/text.ts'
export { formatTime } from './json-bytes.ts'
export { LabelsJson, labelsJson } from './labels-json.ts'
export type {
  ClearCommand,
  Command,
  EvalCommand,
  EvalSpan,
  Expectation,
  ExpectedResult,
  ExpectedSeries,
  LoadCommand,
  LoadSeries,
} from './script/command.ts'
export { parseScript } from './script/parse.ts'
export { type EvalReport, listEvals, type RunOptions, runScript } from './script/run.ts'
export type { OpenScriptStorage, ScriptStorage } from './script/storage.ts'
export { answerJson, writeAnswerJson } from './value-json.ts'
export { type WrittenAnswer, writeAnswer } from './written-answer.ts'
