/** Quantiles of Student's t distribution, for intervals from few observations. */

/**
 * Returns the value that `t` exceeds, in either direction, with probability `p`. `freedom` is at least 1, and need not be whole. At most
 * 0.01 % off from 3 degrees on.
 *
 * @see G. W. Hill, Algorithm 396: Student's t-quantiles (1970)
 */
export const twoSided = (p: number, freedom: number): number => {
  if (freedom < 1.5) return 1 / Math.tan((p * Math.PI) / 2)
  if (freedom < 2.5) return Math.sqrt(2 / (p * (2 - p)) - 2)
  const n = freedom
  const a = 1 / (n - 0.5)
  const b = 48 / (a * a)
  let c = ((20700 * a / b - 98) * a - 16) * a + 96.36
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * n
  let y = (d * p) ** (2 / n)
  if (y > 0.05 + a) {
    const x = normal(p / 2)
    y = x * x
    if (n < 5) c += 0.3 * (n - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = Math.expm1(a * y * y)
  } else {
    y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) +
      1 / y
  }
  return Math.sqrt(n * y)
}

/**
 * Returns the value below which a share `p` of the standard normal distribution lies.
 *
 * @see P. J. Acklam, An algorithm for computing the inverse normal cumulative distribution function (2003); relative error 1.2e-9
 */
export const normal = (p: number): number => {
  if (p > 0.5) return -normal(1 - p)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return (((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) *
            q +
          4.374664141464968) * q + 2.938163982698783) /
      ((((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  }
  const q = p - 0.5
  const r = q * q
  return (((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.38357751867269e2) * r -
        3.066479806614716e1) * r + 2.506628277459239) *
    q /
    (((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1) * r -
          1.328068155288572e1) * r + 1)
}
