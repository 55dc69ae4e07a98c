/** What a store may be doing when it is killed; @promlet/sqlite tells it on the channels `promlet:<phase>`. */
export const PHASES = ['migration', 'commit', 'compaction', 'deletion', 'retention', 'sweep', 'checkpoint'] as const
export type Phase = (typeof PHASES)[number]
