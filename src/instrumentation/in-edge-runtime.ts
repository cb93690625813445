/** What runs there is apart from Fastify: its errors are in the log as Next prints them. */
export async function onRequestError(): Promise<void> {}

export { onRequestError as register }
