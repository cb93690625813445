'use client'

import './globals.css'

// Next shows it in the browser when a page or the layout throws. It takes the place of the layout
// too, so it brings its own document. It leaves the message of the error out, as it may be secret.
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <title>Something went wrong · fastify-next example</title>
        <main className="main">
          <h1>Something went wrong</h1>
          <p className="lead">It is not you, it is us. The log of the server says more.</p>
          <p>
            <a href="/">Back to the home page</a>
          </p>
        </main>
      </body>
    </html>
  )
}
