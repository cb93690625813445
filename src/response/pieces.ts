/** What Next has written of a body before it is known whether there is more to come. */
export class Pieces {
  #pieces: Buffer[] = []
  #length = 0

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#length += piece.length
  }

  /** All in one, `undefined` for nothing. Empty afterwards. */
  take(): Buffer | undefined {
    const pieces = this.#pieces
    this.#pieces = []
    this.#length = 0
    return pieces.length > 1 ? Buffer.concat(pieces) : pieces[0]
  }
}
