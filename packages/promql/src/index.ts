export {
  createEngine,
  type EngineFeatures,
  type EngineObserver,
  type EngineOptions,
  type MeasuredAnswer,
  type PromqlEngine,
  type QueryStats,
} from './engine.ts'
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
