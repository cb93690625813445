'use client'

import { useActionState } from 'react'
import { sign } from './actions'

/** @param user who has signed in, and needs to give no name */
export function SignForm({ user }: { user?: string }) {
  const [result, action, isPending] = useActionState(sign, null)
  return (
    <form className="form" action={action}>
      {user === undefined && (
        <label>
          Name
          <input name="name" autoComplete="name" maxLength={40} required />
        </label>
      )}
      <label>
        Message
        <textarea name="message" rows={3} maxLength={200} required />
      </label>
      <div className="row">
        <button type="submit" disabled={isPending}>
          {isPending ? 'Signing…' : 'Sign'}
        </button>
        <p className={result?.ok === false ? 'problem' : 'note'} role="status">
          {result?.text}
        </p>
      </div>
    </form>
  )
}
