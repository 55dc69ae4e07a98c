import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sendText } from './fallback.ts'

/** A comparison takes a tenth of a second: the results of the last ones are kept, under a hash of what was compared. */
const RESULTS_MAX = 100
/** Compared with when there is no such user, so that the time of an answer does not tell. It is the hash of noise. */
const NOBODY = '$2b$10$sZc650uDDBiWGQ7svpmsaO8xCqKjOClJ98N9jsWC9bOu/KZR/sXVe'

/**
 * Answers 401 unless the request names a user and the password of that user. `users` gives bcrypt hashes by name, and
 * is asked for each request; while there are none everyone may ask. Prometheus: exporter-toolkit web/handler.go.
 */
export function guardWithPasswords(app: FastifyInstance, users: () => Readonly<Record<string, string>>): void {
  const compare = rememberingComparison()
  app.addHook('onRequest', async (request, reply) => {
    const known = users()
    if (Object.keys(known).length === 0) return
    const given = parseBasic(request.headers.authorization)
    if (given !== undefined) {
      const hash = Object.hasOwn(known, given.user) ? known[given.user] : undefined
      const isRight = await compare(given.password, hash ?? NOBODY)
      if (isRight && hash !== undefined) return
    }
    return sendText(reply.header('www-authenticate', 'Basic'), 401, 'Unauthorized\n')
  })
}

function parseBasic(header: string | undefined): { readonly user: string; readonly password: string } | undefined {
  const encoded = /^basic +(.+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

type Comparison = (password: string, hash: string) => Promise<boolean>

/** One comparison at a time, so that guessing passwords takes no more than its share of the processor. */
function rememberingComparison(): Comparison {
  const results = new Map<string, Promise<boolean>>()
  let last: Promise<unknown> = Promise.resolve()
  return (password, hash) => {
    const key = createHash('sha256').update(hash).update('\0').update(password).digest('base64')
    const known = results.get(key)
    if (known !== undefined) return known
    const result = last.then(() => compareOnce(password, hash))
    last = result
    results.set(key, result)
    if (results.size > RESULTS_MAX) results.delete(results.keys().next().value as string)
    return result
  }
}

async function compareOnce(password: string, hash: string): Promise<boolean> {
  // Only servers with users load it.
  const { default: bcrypt } = await import('bcryptjs')
  return bcrypt.compare(password, hash).catch(() => false)
}
