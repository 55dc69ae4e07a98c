// Texts out of bytes. `TextDecoder` and `Buffer.toString` take five times as long for a text of a few bytes as the
// methods behind them, which Node's types leave out (bench/text.bench.ts).

/** A body as a buffer with its slicing methods. */
export interface ByteText extends Buffer<ArrayBufferLike> {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

/** The same bytes, not copied. */
export function asByteText(bytes: Uint8Array): ByteText {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as ByteText
}
