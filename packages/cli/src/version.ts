import manifest from '../package.json' with { type: 'json' }

/** Promlet's own version. */
export const VERSION: string = manifest.version
