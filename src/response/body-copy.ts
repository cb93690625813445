import { Pieces } from './pieces.js'

/** Above this a copy of a body is given up, in bytes. */
const MAX_BYTES = 1024 * 1024

/** A copy of a body that is being sent. */
export class BodyCopy {
  /** Is given the body once it has ended, unless it is empty or too long. Without it nobody is. */
  taker: ((body: Buffer) => void) | undefined
  #pieces: Pieces | undefined = new Pieces()

  add(piece: Buffer): void {
    if (this.#pieces === undefined) return
    if (this.#pieces.length + piece.length > MAX_BYTES) this.#pieces = undefined
    else this.#pieces.add(piece)
  }

  end(): void {
    const body = this.#pieces?.take()
    if (body) this.taker?.(body)
  }
}
