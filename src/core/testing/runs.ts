/**
 * How often a test tries a property: a short run among the tests, a longer one with `npm run bench -- fuzz --times=50`.
 *
 * @param count tries of the short run
 */
export function runs(count: number): number {
  return count * Number(process.env.METRON_RUNS ?? 1);
}
