'use client'

import { useState } from 'react'

export function Counter() {
  const [count, setCount] = useState(0)
  return (
    <div className="row">
      <button type="button" onClick={() => setCount(count + 1)}>
        Count up
      </button>
      <output data-testid="count">{count}</output>
    </div>
  )
}
