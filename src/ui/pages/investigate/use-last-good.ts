import { useState } from "react";

/**
 * What a query answered, or the answer before it while there is none because it was refused or failed: a mistake
 * while typing must not take away what is being looked at.
 */
export function useLastGood<Data>(result: {
  readonly data: Data | undefined;
  readonly isError: boolean;
}): Data | undefined {
  const [good, setGood] = useState<Data>();
  if (result.data !== undefined && result.data !== good) setGood(result.data);
  return result.data ?? (result.isError ? good : undefined);
}
