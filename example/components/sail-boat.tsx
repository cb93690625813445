/** A drawing of a boat, next to its name. */
export function SailBoat({ sail }: { sail: string }) {
  return (
    <svg className="boat" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M34 5C47 17 53 30 55 42H34Z" fill={sail} />
      <path d="M29 12C19 22 14 32 11 42H29Z" fill={sail} opacity="0.55" />
      <path d="M5 47H59C57 54 53 58 46 58H18C11 58 7 54 5 47Z" fill="currentColor" />
    </svg>
  )
}
