/** Waits for a promise, for `timeout` ms at most. Resolves to whether it was fulfilled in time. */
export async function within(promise: Promise<unknown>, timeout: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<false>(resolve => {
    timer = setTimeout(resolve, timeout, false)
  })
  try {
    return await Promise.race([promise.then(() => true), expired])
  } finally {
    clearTimeout(timer)
  }
}
