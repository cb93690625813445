export function GET() {
  return Response.json({ message: 'Hello', servedBy: 'next' })
}

export async function POST(request: Request) {
  try {
    return Response.json({ received: await request.json(), servedBy: 'next' })
  } catch {
    return Response.json({ error: 'The body is not JSON' }, { status: 400 })
  }
}
