// A YAML file under reading. Scalars stay the texts that stand in the file: what they mean depends on the field that
// reads them, as in Go, and not on YAML's own guesses. Only the first document counts, as in Prometheus.

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  visit,
} from 'yaml'
import type { Problem } from '../problem.ts'
import { indentFlow, type LineShifts } from './flow-indent.ts'

export interface ReadOptions {
  /**
   * What to do with valid fields of Prometheus that Promlet does not support: a problem, or a note, for who checks a
   * file that a real Prometheus will read.
   */
  readonly unsupported?: 'refuse' | 'note'
  /** Let unknown fields pass, as `promtool check rules --ignore-unknown-fields` does. */
  readonly ignoreUnknownFields?: boolean
}

export interface YamlFile {
  readonly path: string
  readonly options: ReadOptions
  /** What is wrong, in the order found. */
  readonly problems: Problem[]
  /** What is accepted and worth knowing. */
  readonly notes: Problem[]
  position(node: Node): { readonly line: number; readonly column: number }
  /** The node that an alias stands for. */
  resolve(node: Node | null): Node | null
}

/** One place in a file: a value, or where it would stand (`node` is then that of the section around it). */
export interface At {
  readonly file: YamlFile
  readonly node: Node | null
  /** The path of the field, such as `scrape_configs[0].params`. */
  readonly field: string
}

/** Parses a file; syntax errors are problems of the file, and what is left of the tree is then not worth reading. */
export function openYaml(text: string, path: string, options: ReadOptions = {}): At {
  const { document, lineAndColumn } = parseDocument(text)
  const file: YamlFile = {
    path,
    options,
    problems: [],
    notes: [],
    position: (node) => lineAndColumn(node.range?.[0] ?? 0),
    resolve: (node) => (isAlias(node) ? (anchored.get(node) ?? node) : node),
  }
  const root: At = { file, node: document?.contents ?? null, field: '' }
  for (const error of document?.errors ?? []) {
    file.problems.push({ file: path, ...lineAndColumn(error.pos[0]), field: '', message: `yaml: ${error.message}` })
  }
  const anchored = followAliases(root)
  return root
}

interface Parsed {
  readonly document: Document.Parsed | undefined
  lineAndColumn(offset: number): { readonly line: number; readonly column: number }
}

function parseDocument(text: string, shifts: LineShifts = new Map()): Parsed {
  const lineCounter = new LineCounter()
  const settings = { schema: 'failsafe', lineCounter, uniqueKeys: false, logLevel: 'silent', prettyErrors: false } as const
  const [document] = parseAllDocuments(text, settings) as Document.Parsed[]
  const repaired = document && indentBrokenFlow(text, document, shifts)
  if (repaired !== undefined) return parseDocument(repaired, shifts)
  return {
    document,
    lineAndColumn(offset) {
      const { line, col } = lineCounter.linePos(offset)
      return { line: Math.max(1, line), column: Math.max(1, col - (shifts.get(line) ?? 0)) }
    },
  }
}

/** The text with more indentation where the parser misses it first; undefined when that is not what is wrong. */
function indentBrokenFlow(text: string, document: Document.Parsed, shifts: LineShifts): string | undefined {
  const [error] = document.errors
  if (error?.code !== 'BAD_INDENT' || !error.message.startsWith('Flow')) return undefined
  let start: number | undefined
  visit(document, {
    Collection(_, node) {
      const at = node.range?.[0]
      if (node.flow !== true || at === undefined || at >= error.pos[0]) return undefined
      start = at
      return visit.SKIP
    },
  })
  return start === undefined ? undefined : indentFlow(text, start, shifts)
}

/** What each alias stands for: the last node before it with its anchor. */
function followAliases(root: At): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const anchored = new Map<Alias, Node>()
  const follow = (node: Node) => {
    if (!isAlias(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      return
    }
    const target = anchors.get(node.source)
    if (target === undefined) report({ ...root, node }, `yaml: unknown anchor '${node.source}' referenced`)
    else anchored.set(node, target)
  }
  visit(root.node, { Node: (_, node) => follow(node) })
  return anchored
}

/** Adds a problem, once. */
export function report(at: At, message: string): void {
  const problem = problemAt(at, message)
  const isKnown = at.file.problems.some(
    (other) => other.line === problem.line && other.column === problem.column && other.message === message,
  )
  if (!isKnown) at.file.problems.push(problem)
}

export function note(at: At, message: string): void {
  at.file.notes.push(problemAt(at, message))
}

function problemAt({ file, node, field }: At, message: string): Problem {
  const { line, column } = node === null ? { line: 1, column: 1 } : file.position(node)
  return { file: file.path, line, column, field, message }
}

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])

/** True for a field that stands there without a value. */
export function isEmpty({ file, node }: At): boolean {
  const resolved = file.resolve(node)
  return resolved === null || (isScalar(resolved) && resolved.tag === undefined && isPlain(resolved) && NULLS.has(sourceOf(resolved)))
}

/** The text of a scalar; a plain one may be read as a number or a boolean. */
export interface ScalarText {
  readonly text: string
  readonly isPlain: boolean
}

/** The scalar at a place, or undefined for a list or a mapping. */
export function scalarAt(at: At): ScalarText | undefined {
  const node = at.file.resolve(at.node)
  if (!isScalar(node)) return undefined
  return { text: node.tag === BINARY ? decodeBinary(node, at) : sourceOf(node), isPlain: isPlain(node) }
}

const BINARY = 'tag:yaml.org,2002:binary'
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes that are no UTF-8 become lone surrogates, which no valid name or value has. */
function decodeBinary(node: Scalar, at: At): string {
  const source = (node.source ?? '').replace(/\s/g, '')
  if (!BASE64.test(source)) report(at, '!!binary value contains invalid base64 data')
  const bytes = Buffer.from(source, 'base64')
  const text = bytes.toString('utf8')
  if (Buffer.from(text).equals(bytes)) return text
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('')
}

function sourceOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? '')
}

function isPlain(node: Scalar): boolean {
  return node.type === 'PLAIN' || node.type === undefined
}

export interface Entry {
  readonly name: string
  readonly key: At
  readonly value: At
}

/** The entries of a mapping in order, merged ones (`<<`) last; undefined when there is no mapping. `merging` guards against circles. */
export function entriesAt(at: At, merging: readonly Node[] = []): readonly Entry[] | undefined {
  const node = at.file.resolve(at.node)
  if (!isMap(node)) return undefined
  if (merging.includes(node)) {
    report(at, 'yaml: anchor value contains itself')
    return []
  }
  const own: Entry[] = []
  const merged: Entry[] = []
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key: At = { file: at.file, node: pair.key, field: at.field }
    const name = scalarAt(key)
    if (name === undefined) report(key, `cannot unmarshal ${tagOf(key)} into string; expected the name of a field`)
    else if (name.text === '<<' && name.isPlain) merged.push(...mergedEntries({ ...key, node: pair.value }, [...merging, node]))
    else own.push(entry(at, name.text, key, pair.value))
  }
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...merged.filter(({ name }) => !names.has(name))]
}

function entry(at: At, name: string, key: At, value: Node | null): Entry {
  const { field } = fieldBelow(at, name)
  return { name, key: { ...key, field }, value: { file: at.file, node: value ?? emptyNode(key.node), field } }
}

/** `{a}` is a field without a value, at the place of its name. */
function emptyNode(key: Node | null): Node {
  const node = new Scalar('')
  node.type = 'PLAIN'
  node.range = key?.range ?? null
  return node
}

function mergedEntries(at: At, merging: readonly Node[]): readonly Entry[] {
  const single = entriesAt(at, merging)
  if (single !== undefined) return single
  const several = itemsAt(at)?.flatMap((item) => entriesAt(item, merging) ?? [])
  if (several === undefined) report(at, 'map merge requires map or sequence of maps as the value')
  return several ?? []
}

/** The items of a list; undefined when there is no list. */
export function itemsAt(at: At): readonly At[] | undefined {
  const node = at.file.resolve(at.node)
  if (!isSeq(node)) return undefined
  return node.items.map((item, index) => ({ file: at.file, node: item as Node | null, field: `${at.field}[${index}]` }))
}

/** The place of a field or item below; the section's own where it is missing. */
export function below(at: At, ...steps: readonly (string | number)[]): At {
  let place = at
  for (const step of steps) {
    const found = typeof step === 'number' ? itemsAt(place)?.[step] : entriesAt(place)?.find(({ name }) => name === step)?.value
    place = found ?? (typeof step === 'number' ? place : fieldBelow(place, step))
  }
  return place
}

/** The place of a field that a section does not have: the section's, under the field's path. */
export function fieldBelow(at: At, name: string): At {
  return { ...at, field: at.field === '' ? name : `${at.field}.${name}` }
}

/** What stands at a place, in the words of Go's YAML decoder. */
export function tagOf(at: At): string {
  const node = at.file.resolve(at.node)
  if (isMap(node)) return '!!map'
  if (isSeq(node)) return '!!seq'
  const scalar = scalarAt(at)
  if (scalar === undefined || isEmpty(at)) return '!!null'
  const { text } = scalar
  return `${scalarTag(scalar)} \`${text.length > 10 ? `${text.slice(0, 7)}...` : text}\``
}

function scalarTag({ text, isPlain: plain }: ScalarText): string {
  if (!plain) return '!!str'
  if (/^(?:y|yes|true|on|n|no|false|off)$/i.test(text)) return '!!bool'
  if (/^[-+]?\d[\d_]*$/.test(text)) return '!!int'
  return /^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? '!!float' : '!!str'
}
