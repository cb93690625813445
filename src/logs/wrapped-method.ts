type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * Is called in place of a method; `pass` goes on as without it.
 * @param wrapper what has been called, where stacks begin
 */
export type Wrap = (args: unknown[], pass: () => unknown, wrapper: Method) => unknown

/**
 * A method of an object that the whole process uses, and how it is wrapped for a time. It stays a
 * property with a value: Next and React leave others alone when they wrap the console themselves.
 */
export class WrappedMethod {
  readonly #target: object
  readonly #name: string
  readonly #wrap: Wrap
  #wrapper: Method | undefined
  #before: PropertyDescriptor | undefined
  #isOpen = false
  /** What others had put over the wrapper when it was to be taken off. */
  #cover: unknown

  constructor(target: object, name: string, wrap: Wrap) {
    this.#target = target
    this.#name = name
    this.#wrap = wrap
  }

  open(): void {
    this.#isOpen = true
    // Next's wrapper stays for good, and with it what it has found.
    if (this.#cover === undefined || this.#value !== this.#cover) this.#install()
    this.#cover = undefined
  }

  close(): void {
    this.#isOpen = false
    if (this.#value !== this.#wrapper) this.#cover = this.#value
    else if (this.#before) Object.defineProperty(this.#target, this.#name, this.#before)
    else Reflect.deleteProperty(this.#target, this.#name)
  }

  get #value(): unknown {
    return Reflect.get(this.#target, this.#name)
  }

  #install(): void {
    const original = this.#value as Method
    const isOpen = () => this.#isOpen && this.#wrapper === wrapper
    const wrap = this.#wrap
    function wrapper(this: unknown, ...args: unknown[]): unknown {
      const pass = () => Reflect.apply(original, this, args)
      return isOpen() ? wrap(args, pass, wrapper) : pass()
    }
    Object.defineProperty(wrapper, 'name', { value: this.#name })
    this.#before = Object.getOwnPropertyDescriptor(this.#target, this.#name)
    this.#wrapper = wrapper
    // It fails where somebody has frozen the object: then there is nothing to take off either.
    Reflect.defineProperty(this.#target, this.#name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: wrapper
    })
  }
}
