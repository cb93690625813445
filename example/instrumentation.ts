export { onRequestError, register } from 'fastify-next/instrumentation'
