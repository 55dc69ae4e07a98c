import { describe, expect, test } from 'vitest'
import { formatGroupingKey, type GroupingKey, parseGroupingKey, unescapeName } from './grouping-key.ts'

const legacy = { utf8Names: false }
const utf8 = { utf8Names: true }
const read = (path: string, options = legacy) =>
  Object.fromEntries(parseGroupingKey(path, options)?.labels.map(({ name, value }) => [name, value]) ?? [])

describe('the labels in a path', () => {
  const is = (path: string, labels: Record<string, string>) => test(path, () => expect(read(path)).toEqual(labels))
  is('job/nightly', { job: 'nightly' })
  is('job/nightly/instance/db-1', { job: 'nightly', instance: 'db-1' })
  is('job/nightly/instance/', { job: 'nightly', instance: '' })
  is('job/nightly/', { job: 'nightly' })
  is('job/nightly/job/other', { job: 'nightly' })
  is('job/nightly/stage/a/stage/b', { job: 'nightly', stage: 'b' })
  is('job@base64/dGl0YW4vMQ==/path@base64/L3Zhci90bXA', { job: 'titan/1', path: '/var/tmp' })
  is('job/e1/x@base64/=', { job: 'e1', x: '' })
  is('job@base64/8J-YgA', { job: '😀' })
})

describe('what is refused', () => {
  const refused = (path: string, message: string, options = legacy) =>
    test(`${path}: ${message}`, () => expect(() => parseGroupingKey(path, options)).toThrow(message))
  refused('job/j/a', 'odd number of components in label string "/a"')
  refused('job/j/a-b/1', 'improper label name "a-b"')
  refused('job/j/__x__/1', 'improper label name "__x__"')
  refused('job/j/U______x/1', 'improper label name "__x"', utf8)
  refused('job@base64/=', 'job name is required')
  refused('job@base64/!!!', 'invalid base64 encoding in job name "": illegal base64 data at input byte 0')
  refused('job@base64/dGl0YW4v!', 'invalid base64 encoding in job name "titan/": illegal base64 data at input byte 8')
  refused('job/j/x@base64/dGl0Y', 'invalid base64 encoding for label x="dGl0Y": illegal base64 data at input byte 4')
  refused('job@base64/_w', 'the value of label "job" is not valid UTF-8')
})

test('the order of labels makes no other group, and equal texts in other places do', () => {
  const text = (path: string) => parseGroupingKey(path, legacy)?.text
  expect(text('job/l1/a/1/b/2')).toBe(text('job/l1/b/2/a/1'))
  expect(text('job/l1/a/1b')).not.toBe(text('job/l1/a1/b'))
})

test('a path without job addresses no group', () => {
  for (const path of ['instance/x', 'job', 'job/', 'jobs/x', '']) expect(parseGroupingKey(path, legacy)).toBeUndefined()
})

describe('escaped names', () => {
  const is = (text: string, name: string) => test(`${text} is ${name}`, () => expect(unescapeName(text)).toBe(name))
  is('U__foo_2e_bar', 'foo.bar')
  is('U__foo__bar', 'foo_bar')
  is('U__1f600__', '1f600_')
  is('U___1f600_', '😀')
  is('U__foo_2e', 'U__foo_2e')
  is('U__bad_d800_', 'U__bad_d800_')
  is('foo_2e_bar', 'foo_2e_bar')

  test('stand for UTF-8 label names only when these are on', () => {
    expect(read('job/j/U__a_2e_b/1', utf8)).toEqual({ job: 'j', 'a.b': '1' })
    expect(read('job/j/U__a_2e_b/1', legacy)).toEqual({ job: 'j', U__a_2e_b: '1' })
  })
})

describe('the path that addresses a group', () => {
  const is = (path: string, options = legacy) =>
    test(path, () => expect(formatGroupingKey(parseGroupingKey(decodeURIComponent(path), options) as GroupingKey)).toBe(path))
  is('job/nightly')
  is('job/nightly/instance/db-1')
  is('job/a%20b/instance/%C3%A9')
  is('job@base64/dGl0YW4vMQ/path@base64/L3Zhci90bXA')
  is('job/e1/x@base64/=')
  is('job/e1/x@base64/Li4')
  is('job/e1/U__a_2e_b__c/1', utf8)
})
