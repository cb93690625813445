'use client'

import { createContext, type ReactNode, useContext } from 'react'

const RequestId = createContext('')

/** An error page is a client component, and can't ask for the request: a layout around it does. */
export function RequestIdProvider({ id, children }: { id: string; children: ReactNode }) {
  return <RequestId value={id}>{children}</RequestId>
}

export function useRequestId(): string {
  return useContext(RequestId)
}
