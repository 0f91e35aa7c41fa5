import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ResponseOf } from "../../../api/endpoint.ts";
import { patchMessage } from "../../../api/messages.ts";
import type { searchMessages } from "../../../api/search.ts";
import { call } from "../../call.ts";
import { noteKept } from "./kept-statuses.ts";
import { messageQuery } from "./message-query.ts";
import { STATUS, type Status } from "./status.ts";

type Pages = InfiniteData<ResponseOf<typeof searchMessages>>;
type StatusChange = { readonly guid: string; readonly status: Status };

/** The changes of a status that were not kept: why, by the alert's guid. */
export type NotKept = ReadonlyMap<string, unknown>;

/**
 * Gives an alert a state. It shows once it is kept, in the details and wherever the list has the alert. A change that was not kept is told
 * until the alert has been changed, or `forget` is called: the changes of other alerts, which a quick person makes meanwhile, hide none.
 */
export function useStatusChange() {
  const client = useQueryClient();
  const [notKept, setNotKept] = useState<NotKept>(new Map());
  const { mutate } = useMutation({
    // One after another, in the order of the keys: the last one for an alert is what it has in the end.
    scope: { id: STATUS },
    mutationFn: async ({ guid, status }: StatusChange) => {
      // What is no alert has no status. A key may come before anything is known of a message that a link has opened.
      const { is_alert } = rowOf(guid) ?? (await client.ensureQueryData(messageQuery(guid)));
      if (is_alert === undefined) return undefined;
      // New is what an alert without a state is.
      const fields = { [STATUS]: status === "NEW" ? null : status };
      return (await call(patchMessage, { params: { guid }, body: { fields } })).message;
    },
    onError: (error, { guid }) => setNotKept((all) => new Map(all).set(guid, error)),
    onSuccess: async (message, { guid }) => {
      setNotKept((all) => new Map([...all].filter(([other]) => other !== guid)));
      if (message === undefined) return;
      // A question that was asked before the change would put the old state back when its answer comes.
      await client.cancelQueries({ queryKey: messageQuery(guid).queryKey });
      client.setQueryData(messageQuery(guid).queryKey, message);
      noteKept(message);
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
  const rowOf = (guid: string) =>
    client
      .getQueriesData<Pages>({ queryKey: ["rows"] })
      .flatMap(([, known]) => known?.pages ?? [])
      .flatMap(({ hits }) => hits)
      .find((row) => row.guid === guid);
  return { change: mutate, notKept, forget: () => setNotKept(new Map()) };
}
