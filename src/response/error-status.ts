/** The status that Fastify answers an error with. */
export function statusOf(error: unknown): number {
  const { statusCode, status } = Object(error) as { statusCode?: unknown; status?: unknown }
  const code = Number(statusCode ?? status)
  return code >= 400 && code <= 599 ? code : 500
}
