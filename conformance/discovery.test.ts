// Files of target groups as `promtool check sd` judges them.

import { parseTargetGroups } from '@promlet/discovery'
import { describe, expect, test } from 'vitest'
import { conformanceJson, conformanceText, hasConformance } from './data.ts'

interface Expectation {
  readonly file: string
  readonly expect: 'good' | 'bad'
  readonly error_contains?: string
}

const FOLDER = 'promtool/check-sd-files'

describe.skipIf(!hasConformance)('files of target groups', () => {
  const expectations = hasConformance ? conformanceJson<Expectation[]>(`${FOLDER}/expectations.json`) : []
  for (const { file, expect: verdict, error_contains } of expectations) {
    test(`${file} is ${verdict}`, () => {
      const parse = () => parseTargetGroups(conformanceText(`${FOLDER}/${file}`), file)
      if (verdict === 'bad') expect(parse).toThrow(error_contains ?? '')
      else expect(parse().flatMap(({ targets }) => targets)).toEqual(['localhost:9100'])
    })
  }
})
