import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type CaptureState, captureState, captureUpdates, listCaptures } from "../../../api/captures.ts";
import { addressOf } from "../../../api/client.ts";
import { call } from "../../call.ts";

const KEY = ["captures"];

/** Captures, the latest first, as they go on: the server tells of every change. */
export function useCaptures() {
  const client = useQueryClient();
  useEffect(() => {
    const source = new EventSource(addressOf(captureUpdates));
    // What happened while the connection was broken is in the list.
    source.addEventListener("open", () => void client.invalidateQueries({ queryKey: KEY }));
    source.addEventListener("capture", ({ data }) => {
      const read = captureState.safeParse(JSON.parse(data));
      if (!read.success) return;
      client.setQueryData<CaptureState[]>(KEY, (before) => before && withCapture(before, read.data));
    });
    return () => source.close();
  }, [client]);
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => [...(await call(listCaptures, { signal })).captures],
    staleTime: 0,
  });
}

/** The list with a capture as it is now. */
function withCapture(captures: readonly CaptureState[], changed: CaptureState): CaptureState[] {
  const isThere = captures.some(({ id }) => id === changed.id);
  return isThere ? captures.map((each) => (each.id === changed.id ? changed : each)) : [changed, ...captures];
}
