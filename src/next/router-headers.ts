/** By these the answers to Next's own router are told apart, and nobody else sends them. */
export const ROUTER_HEADERS: readonly string[] = [
  'rsc',
  'next-router-prefetch',
  'next-router-segment-prefetch',
  'next-router-state-tree',
  'next-url'
]
