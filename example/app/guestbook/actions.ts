'use server'

import { getFastify, getRequest } from 'fastify-next/context'
import { revalidatePath } from 'next/cache'

export interface SignResult {
  ok: boolean
  text: string
}

// The attributes of the inputs hold in browsers only, so the limits are checked here again.
function textOf(form: FormData, field: string, maxLength: number): string {
  const value = form.get(field)
  return typeof value === 'string' ? value.trim().slice(0, maxLength) : ''
}

export async function sign(_before: SignResult | null, form: FormData): Promise<SignResult> {
  const { user } = await getRequest()
  const name = user?.name ?? textOf(form, 'name', 40)
  const message = textOf(form, 'message', 200)
  if (name === '' || message === '') {
    return { ok: false, text: 'Please fill in every field.' }
  }
  const { guestbook } = await getFastify()
  await guestbook.add(name, message)
  revalidatePath('/guestbook')
  return { ok: true, text: `Thank you, ${name}.` }
}
