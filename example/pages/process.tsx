import type { GetServerSideProps } from 'next'
import Head from 'next/head'
import { useState } from 'react'

interface Props {
  pid: number
  seconds: number
}

export const getServerSideProps: GetServerSideProps<Props> = async () => ({
  props: { pid: process.pid, seconds: Math.round(process.uptime()) }
})

export default function ProcessPage({ pid, seconds }: Props) {
  const [answer, setAnswer] = useState('not asked yet')

  const ask = async () => {
    try {
      const response = await fetch('/api/process')
      const { pid } = await response.json()
      setAnswer(`process ${pid}`)
    } catch {
      setAnswer('no answer')
    }
  }

  return (
    <>
      <Head>
        <title>Process · fastify-next example</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
      </Head>
      <h1>One process</h1>
      <p className="lead">
        This is a page of the Pages Router, next to those of the App Router. When it was rendered,
        the server had been up for {seconds} s.
      </p>
      <section className="card">
        <h2>Who is there?</h2>
        <p>Next and Fastify each say which process they run in.</p>
        <dl className="facts">
          <div>
            <dt>Next, in getServerSideProps</dt>
            <dd data-testid="next">process {pid}</dd>
          </div>
          <div>
            <dt>Fastify, in a route</dt>
            <dd data-testid="fastify">{answer}</dd>
          </div>
        </dl>
        <button type="button" onClick={ask}>
          Ask Fastify
        </button>
      </section>
    </>
  )
}
