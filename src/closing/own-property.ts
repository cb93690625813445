/** Gives an object a property of its own. Returns a function that puts back what was there. */
export function setOwn<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  value: Target[Name]
): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  target[name] = value
  return () => {
    // Somebody else has put theirs in front of it.
    if (target[name] !== value) return
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  }
}
