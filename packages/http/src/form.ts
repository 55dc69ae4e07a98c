import type { FastifyRequest } from 'fastify'

/**
 * The parameters of a request as Go's `Request.Form` has them: those of a POSTed form first, then those of the URL;
 * a name may be there several times.
 */
export function formOf(request: FastifyRequest): URLSearchParams {
  const query = request.url.indexOf('?')
  const fromUrl = query < 0 ? '' : request.url.slice(query + 1)
  if (!isForm(request)) return new URLSearchParams(fromUrl)
  const form = new URLSearchParams((request.body as Buffer).toString('utf8'))
  for (const [name, value] of new URLSearchParams(fromUrl)) form.append(name, value)
  return form
}

function isForm({ headers, body, method }: FastifyRequest): boolean {
  if (body === undefined) return false
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return (
    type === 'application/x-www-form-urlencoded' && (method === 'POST' || method === 'PUT' || method === 'PATCH') && Buffer.isBuffer(body)
  )
}
