import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ResponseOf } from "../../../api/endpoint.ts";
import { patchMessage } from "../../../api/messages.ts";
import type { searchMessages } from "../../../api/search.ts";
import { call } from "../../call.ts";
import { STATUS, type Status } from "./status.ts";

type Pages = InfiniteData<ResponseOf<typeof searchMessages>>;
type StatusChange = { readonly guid: string; readonly status: Status };

/** Gives an alert a state. It shows once it is kept, in the details and wherever the list has the alert. */
export function useStatusChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ guid, status }: StatusChange) =>
      // New is what an alert without a state is.
      call(patchMessage, {
        params: { guid },
        body: { fields: { [STATUS]: status === "NEW" ? null : status } },
      }),
    onSuccess: ({ message }, { guid }) => {
      client.setQueryData(["message", guid], message);
      const changed = (row: { readonly [field: string]: unknown }) =>
        row.guid === guid ? { ...row, [STATUS]: message[STATUS] } : row;
      client.setQueriesData<Pages>({ queryKey: ["rows"] }, (known) =>
        known === undefined
          ? undefined
          : { ...known, pages: known.pages.map((page) => ({ ...page, hits: page.hits.map(changed) })) },
      );
      return client.invalidateQueries({ queryKey: ["counts"] });
    },
  });
}
