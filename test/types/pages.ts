import { getFastify, getRenderData, getReply, getRequest } from 'fastify-next/context'
import type { GetServerSideProps, GetServerSidePropsContext } from 'next'

interface Account {
  name: string
}

declare module 'fastify' {
  interface FastifyRequest {
    visitor: Account
  }
  interface FastifyInstance {
    shop: string
  }
}

export async function greeting(): Promise<string> {
  const { log, visitor } = await getRequest()
  const { shop } = await getFastify()
  const reply = await getReply()
  reply.code(202).header('x-shop', shop)
  log.info('greeted')
  return `${visitor.name} at ${shop}`
}

export async function visitorOf({ req }: GetServerSidePropsContext): Promise<Account> {
  return (await getRequest(req)).visitor
}

export async function accountOfPage(): Promise<string> {
  const account: Account | undefined = await getRenderData<Account>()
  return account?.name ?? 'nobody'
}

export async function untyped(): Promise<unknown> {
  const data: unknown = await getRenderData()
  return data
}

export async function accountOf(context: GetServerSidePropsContext): Promise<Account | undefined> {
  return getRenderData<Account>(context.req)
}

export const getServerSideProps: GetServerSideProps<{ account: Account | null }> = async ({
  req
}) => {
  return { props: { account: (await getRenderData<Account>(req)) ?? null } }
}

export async function rejected(context: GetServerSidePropsContext): Promise<void> {
  // @ts-expect-error a page may have been requested without data
  const account: Account = await getRenderData<Account>()
  // @ts-expect-error what it takes is the request, not its context
  await getRenderData(context)
  // @ts-expect-error it is a promise
  getRequest().visitor
  // @ts-expect-error data of no type has no members
  account.name = (await getRenderData()).name
}
