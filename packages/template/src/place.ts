/** `line:column`; Go counts columns from 0 on the first line, from 0 after a newline, and in bytes. */
export function place(text: string, at: number): string {
  const before = text.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  return `${line}:${new TextEncoder().encode(before.slice(lineStart)).length}`
}
