/** How many requests were answered from memory, and how many were not, by reason. */
export class Tally<Reason extends string> {
  hits = 0
  readonly misses: Record<Reason, number>

  constructor(...reasons: Reason[]) {
    this.misses = Object.fromEntries(reasons.map(reason => [reason, 0])) as Record<Reason, number>
  }
}
