import { describe, expect, test } from 'vitest'
import { chooseCommand, unknownCommand, usage } from './commands.ts'

describe('a command line', () => {
  const chooses = (words: string, name: string, rest: string[]) =>
    test(`"${words}" is ${name} with ${JSON.stringify(rest)}`, () => expect(chooseCommand(words.split(' '))).toMatchObject({ name, rest }))
  chooses('serve tsdb --log.level=debug', 'serve', ['tsdb', '--log.level=debug'])
  chooses('check config a.yml', 'check config', ['a.yml'])
  chooses('query instant up', 'query instant', ['up'])

  const isUnknown = (words: string, message: string) =>
    test(`"${words}": ${message}`, () => {
      expect(chooseCommand(words.split(' '))).toBeUndefined()
      expect(unknownCommand(words.split(' '))).toBe(`promlet: ${message}`)
    })
  isUnknown('srve', 'there is no command "srve"; did you mean "promlet serve"?')
  isUnknown(
    'check konfig x.yml',
    '"check" is followed by "konfig"; expected "promlet check config" or "promlet check rules" or "promlet check metrics"',
  )
  isUnknown('query', '"query" stands alone; expected "promlet query instant" or "promlet query range" or "promlet query explain"')
  isUnknown(
    'tsdb duump',
    '"tsdb" is followed by "duump"; expected "promlet tsdb analyze" or "promlet tsdb dump" or "promlet tsdb import" or "promlet tsdb sql" or "promlet tsdb verify"',
  )
  isUnknown('scrape', 'there is no command "scrape"; promlet --help lists them')
  isUnknown('toString', 'there is no command "toString"; promlet --help lists them')
  isUnknown('--config.file=x', 'flags stand behind a command, such as "promlet serve --config.file=x"; promlet --help lists them')
})

test('every command of the list can be loaded and describes itself under its own name', async () => {
  const names = [...usage().matchAll(/^ {2}(\S+(?: \S+)?) {2,}/gm)].map(([, name]) => name as string)
  expect(names).toContain('tsdb analyze')
  for (const name of names) expect((await chooseCommand(name.split(' '))?.load())?.help([])).toMatch(new RegExp(`^Usage: promlet ${name} `))
})
