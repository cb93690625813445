import { onRequestError, register } from 'fastify-next/instrumentation'
import type { Instrumentation } from 'next'

export const asNextHasIt: Instrumentation.onRequestError = onRequestError

export const own: Instrumentation.onRequestError = async (error, request, context) => {
  await onRequestError(error, request, context)
}

export const registered: Promise<void> = register()
