import { useState } from "react";
import { problemOf } from "../../call.ts";

/**
 * What a query answered; while it is refused for a mistake, the answer before it: a mistake while typing must not take
 * away what is being looked at. Any other failure leaves nothing, as old rows would pass for an answer.
 */
export function useLastGood<Data>({
  data,
  error,
}: {
  data: Data | undefined;
  error: unknown;
}): Data | undefined {
  const [good, setGood] = useState<Data>();
  if (data !== undefined && data !== good) setGood(data);
  const refused = error !== null && problemOf(error).code === "QUERY_INVALID";
  return data ?? (refused ? good : undefined);
}
