/**
 * The async contexts that the answer passes between. Whoever leaves an error uncaught is known by
 * its context, so what hooks listen for must not happen in Next's, nor the other way round.
 */
export interface Contexts {
  /** Runs a call in the context of the reply. */
  ofReply<Result>(call: () => Result): Result
  /** Runs a call in the context of Next. */
  ofNext<Result>(call: () => Result): Result
}
