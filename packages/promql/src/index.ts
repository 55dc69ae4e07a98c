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
