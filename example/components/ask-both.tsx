'use client'

import { useState, useTransition } from 'react'

const paths = ['/api/time', '/api/hello']

async function ask(path: string): Promise<string> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return JSON.stringify(await response.json(), null, 2)
}

export function AskBoth() {
  const [answers, setAnswers] = useState<string[]>([])
  const [problem, setProblem] = useState('')
  const [isAsking, startAsking] = useTransition()

  const askAll = () =>
    startAsking(async () => {
      try {
        setAnswers(await Promise.all(paths.map(ask)))
        setProblem('')
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error))
      }
    })

  return (
    <>
      <button type="button" onClick={askAll} disabled={isAsking}>
        Ask both
      </button>
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <dl className="answers">
        {paths.map((path, index) => (
          <div key={path}>
            <dt>
              <code>GET {path}</code>
            </dt>
            <dd>
              <pre data-testid={path}>{answers[index] ?? 'not asked yet'}</pre>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
