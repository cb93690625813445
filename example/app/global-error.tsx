'use client'

import './globals.css'

// It takes the place of the layout as well, so it brings its own document. It has no use for the
// error: its message may be a secret of the server.
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong · fastify-next example</title>
        <main className="main">
          <h1>Something went wrong</h1>
          <p className="lead">
            It is not you, it is us. The log of the server says more, and this page does not.
          </p>
          <p>
            <a href="/">Back to the home page</a>
          </p>
        </main>
      </body>
    </html>
  )
}
