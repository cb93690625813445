import { getRenderData } from 'fastify-next/context'
import type { GetServerSideProps, GetServerSidePropsContext } from 'next'

interface Account {
  name: string
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
  // @ts-expect-error data of no type has no members
  account.name = (await getRenderData()).name
}
