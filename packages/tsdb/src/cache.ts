/**
 * A bounded map: when `young` is full it becomes `old`, and what was in `old` and not asked for since is dropped. Half of
 * an exact least-recently-used order for none of its bookkeeping.
 */
export class Cache<Key, Value> {
  readonly #sizeMax: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value)
    if (this.#young.size <= this.#sizeMax / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: Key): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
