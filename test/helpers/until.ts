import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is as it should be, for `bound` ms at most, and resolves to the last one. */
export async function until<Answer>(
  ask: () => Promise<Answer> | Answer,
  isRight: (answer: Answer) => boolean,
  bound = 10_000
): Promise<Answer> {
  const deadline = performance.now() + bound
  for (;;) {
    const answer = await ask()
    if (isRight(answer) || performance.now() > deadline) return answer
    await sleep(5)
  }
}
