export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of the ratios, and its 95 % interval by resampling. */
export function summary(ratios, digits = 2) {
  const medians = Array.from({ length: 2000 }, () =>
    median(ratios.map(() => ratios[Math.floor(Math.random() * ratios.length)]))
  ).sort((a, b) => a - b)
  const [low, high] = [medians[50], medians[1949]].map(value => value.toFixed(digits))
  return `${median(ratios).toFixed(digits)} [${low}, ${high}]`
}
