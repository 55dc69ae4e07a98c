// MD5 (RFC 1321), for the hashmod action only, where Prometheus fixed it long ago. Here because the model has to run
// in a browser, whose own digests are asynchronous and know no MD5.

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]
const SINES = Uint32Array.from({ length: 64 }, (_, index) => Math.abs(Math.sin(index + 1)) * 2 ** 32)

/** The 16 bytes of the sum. */
export function md5(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  const blocks = padded(bytes)
  const words = new Uint32Array(16)
  for (let at = 0; at < blocks.byteLength; at += 64) {
    for (let index = 0; index < 16; index++) words[index] = blocks.getUint32(at + 4 * index, true)
    addBlock(state, words)
  }
  const sum = new DataView(new ArrayBuffer(16))
  state.forEach((word, index) => {
    sum.setUint32(4 * index, word, true)
  })
  return new Uint8Array(sum.buffer)
}

/** The bytes, a one bit, zeros up to whole blocks, and the length in bits in the last eight bytes. */
function padded(bytes: Uint8Array): DataView {
  const blocks = new Uint8Array((((bytes.length + 8) >>> 6) + 1) * 64)
  blocks.set(bytes)
  blocks[bytes.length] = 0x80
  const view = new DataView(blocks.buffer)
  view.setUint32(blocks.length - 8, bytes.length << 3, true)
  view.setUint32(blocks.length - 4, bytes.length >>> 29, true)
  return view
}

function addBlock(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let step = 0; step < 64; step++) {
    const round = step >>> 4
    const sum = (a + mix(round, b, c, d) + SINES[step]! + words[wordOf(round, step)]!) >>> 0
    const shift = SHIFTS[4 * round + (step & 3)]!
    a = d
    d = c
    c = b
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) >>> 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
}

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d)
  if (round === 1) return (d & b) | (~d & c)
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d)
}

function wordOf(round: number, step: number): number {
  if (round === 0) return step
  if (round === 1) return (5 * step + 1) & 15
  return (round === 2 ? 3 * step + 5 : 7 * step) & 15
}
