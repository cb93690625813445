export type EventName = string | symbol
type Emit = (event: EventName, ...args: unknown[]) => boolean

/** What is called in place of `process.emit()`; `pass` goes on as without it. */
type Interceptor = (event: EventName, args: unknown[], pass: () => boolean) => boolean

/** What the functions that have been read from the property go on to. */
const inners = new WeakMap<Emit, Emit>()

/**
 * Has all that the process emits pass through a function, until the one that is returned is called.
 * Replacing `process.emit` is not enough: `signal-exit`, which many packages bring, sets the one that
 * it has read as it was loaded. What others set is called inside of this.
 */
export function interceptEmit(intercept: Interceptor): () => void {
  const found = Object.getOwnPropertyDescriptor(process, 'emit')
  const original = innerOf(process.emit as Emit)
  let inner = original
  let outer = around(inner)
  let isOpen = true

  // A new one for each, because who reads one and sets another calls the first from there.
  function around(inner: Emit): Emit {
    function emit(this: unknown, event: EventName, ...args: unknown[]): boolean {
      const pass = (): boolean => Reflect.apply(inner, this, [event, ...args])
      return isOpen ? intercept(event, args, pass) : pass()
    }
    inners.set(emit, inner)
    return emit
  }
  const get = (): Emit => outer
  function set(emit: Emit): void {
    inner = innerOf(emit)
    outer = around(inner)
    if (!isOpen) restore()
  }
  function restore(): void {
    // Another copy of this package has put its own over it, and sets this when it restores it.
    if (Object.getOwnPropertyDescriptor(process, 'emit')?.get !== get) return
    if (found) Object.defineProperty(process, 'emit', found)
    else Reflect.deleteProperty(process, 'emit')
    if (inner !== original || found?.set) Reflect.set(process, 'emit', inner)
  }

  Reflect.defineProperty(process, 'emit', { configurable: true, enumerable: true, get, set })
  return () => {
    isOpen = false
    restore()
  }
}

function innerOf(emit: Emit): Emit {
  return inners.get(emit) ?? emit
}
