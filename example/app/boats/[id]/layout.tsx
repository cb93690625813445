import { getRequest } from 'fastify-next/context'
import type { ReactNode } from 'react'
import { RequestIdProvider } from '../../../components/request-id'

// Not further up: Next keeps the layouts that two pages have in common, with the id of the first.
export default async function BoatLayout({ children }: { children: ReactNode }) {
  const { id } = await getRequest()
  return <RequestIdProvider id={id}>{children}</RequestIdProvider>
}
