/** Whether everything is run: also what tests once more, in another way, what was tested already. */
export const isWholeRun = process.env.CI === "true";

/**
 * How often a test tries a property: a short run on a developer's machine, what was promised where everything is run
 * (`CI=true`), and a longer one with `npm run bench -- fuzz --times=50`.
 *
 * @param count tries of the short run
 * @param whole tries with CI=true
 */
export function runs(count: number, whole = count): number {
  const tries = isWholeRun ? whole : count;
  return tries * Number(process.env.METRON_RUNS ?? 1);
}
