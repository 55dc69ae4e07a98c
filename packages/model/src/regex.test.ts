import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileAnchored, compileRe2 } from './regex.ts'
import { compileGroups } from './regex-groups.ts'
import { parseTemplate } from './regex-template.ts'

describe('an anchored pattern', () => {
  test('that is a choice of texts knows them, so that an index can look them up', () => {
    expect(compileAnchored('node|web').literals).toEqual(['node', 'web'])
    expect(compileAnchored('(node|web)').literals).toEqual(['node', 'web'])
    expect(compileAnchored('(?:node|)').literals).toEqual(['node', ''])
    expect(compileAnchored('node').literals).toEqual(['node'])
    expect(compileAnchored('(a)|(b)').literals).toBeUndefined()
    expect(compileAnchored('no.e').literals).toBeUndefined()
  })

  test('knows how every match starts', () => {
    expect(compileAnchored('node').prefix).toBe('node')
    expect(compileAnchored('node.*').prefix).toBe('node')
    expect(compileAnchored('node-[0-9]+').prefix).toBe('node-')
    expect(compileAnchored('nodes?[0-9]').prefix).toBe('node')
    expect(compileAnchored('a😀*[x]').prefix).toBe('a')
    expect(compileAnchored('node.*|web.*').prefix).toBe('')
    expect(compileAnchored('(?i)node').prefix).toBe('')
  })

  // The alphabet makes every shape that has a way of its own, and many that have none.
  const pattern = fc.array(fc.constantFrom('.*', '.+', '.', 'a', 'b', 'ab', '|', '(a|b)', '(?:', ')', '?', '😀', '\\.', '[ab]'), {
    maxLength: 5,
  })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n', '😀'), maxLength: 5 })
  test('matches what RE2 matches, whichever way it is compiled', () => {
    fc.assert(
      fc.property(pattern, fc.array(text), (parts, texts) => {
        const source = parts.join('')
        fc.pre(isPattern(source))
        const anchored = compileAnchored(source)
        const plain = compileRe2(`(?s:${source})`)
        for (const one of texts) {
          expect(anchored.test(one), `${source} on ${JSON.stringify(one)}`).toBe(plain.testExact(one))
          if (anchored.test(one)) expect(one.startsWith(anchored.prefix)).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  const withGroups = fc.array(fc.constantFrom('(.*)', '(.+)', '.*', '.+', 'a', 'b', 'ab', '😀', '(a|b)', '(a*)'), { maxLength: 5 })
  const longer = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '😀'), maxLength: 9 })
  test('has the groups that RE2 has', () => {
    fc.assert(
      fc.property(withGroups, fc.array(longer), (parts, texts) => {
        const source = parts.join('')
        const groups = compileGroups(source)
        const match = groups.matcher(parseTemplate('$1', groups.names))
        for (const one of texts) {
          const found = compileRe2(source).matcher(one)
          const expected = found.matches()
            ? Array.from({ length: found.groupCount() + 1 }, (_, group) => found.group(group) ?? '')
            : undefined
          // A pattern without groups may have the whole text as one.
          expect(match(one)?.slice(0, found.groupCount() + 1), `${source} on ${JSON.stringify(one)}`).toEqual(expected)
        }
      }),
      { numRuns: 2000 },
    )
  })

  function isPattern(source: string): boolean {
    try {
      compileRe2(source)
      return true
    } catch {
      return false
    }
  }
})
