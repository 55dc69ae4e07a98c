// node packages/tsdb/bench/column.ts [length]: bytes per sample, and encoding and decoding speed of the column codecs.

import { ByteReader, ByteWriter } from '../src/bytes.ts'
import { readColumn, writeColumn } from '../src/column.ts'
import { dataset } from './data.ts'

const length = Number(process.argv[2] ?? 480)
const { labels, values } = dataset(20, length)
const columns = labels.map((_, series) => Float64Array.from({ length }, (_, step) => values[step * labels.length + series] as number))
const forms = new Map<number, { columns: number; bytes: number }>()
const writer = new ByteWriter(1 << 22)
const ends: number[] = []
let encodeMs = Infinity
for (let run = 0; run < 12; run++) {
  writer.clear()
  ends.length = 0
  const start = performance.now()
  for (const column of columns) {
    writeColumn(writer, column, 0, length)
    ends.push(writer.length)
  }
  encodeMs = Math.min(encodeMs, performance.now() - start)
}
for (const [series, end] of ends.entries()) {
  const start = ends[series - 1] ?? 0
  const form = writer.bytes[start] as number
  const sum = forms.get(form) ?? { columns: 0, bytes: 0 }
  forms.set(form, { columns: sum.columns + 1, bytes: sum.bytes + end - start })
}
const into = new Float64Array(length)
let decodeMs = Infinity
for (let run = 0; run < 12; run++) {
  const start = performance.now()
  for (let series = 0; series < ends.length; series++)
    readColumn(new ByteReader(writer.bytes, writer.bytes.length, ends[series - 1] ?? 0), into, 0, length)
  decodeMs = Math.min(decodeMs, performance.now() - start)
}
const samples = labels.length * length
process.stdout.write(`${labels.length} columns of ${length}: ${(writer.length / samples).toFixed(3)} B per sample\n`)
for (const [form, { columns, bytes }] of forms) {
  process.stdout.write(`  form ${form}: ${columns} columns, ${(bytes / columns / length).toFixed(3)} B per sample\n`)
}
process.stdout.write(`encode ${(samples / encodeMs / 1000).toFixed(1)} M/s, decode ${(samples / decodeMs / 1000).toFixed(1)} M/s\n`)
