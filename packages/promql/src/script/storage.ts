import type { Appendable, Queryable } from '@promlet/model'

/** A store for one script: empty when opened, closed when the script clears it or ends. */
export type ScriptStorage = Appendable & Queryable & Partial<AsyncDisposable>

/** Opens an empty store. */
export type OpenScriptStorage = () => ScriptStorage | Promise<ScriptStorage>
