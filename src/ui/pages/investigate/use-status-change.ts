import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { ResponseOf } from "../../../api/endpoint.ts";
import { patchMessage } from "../../../api/messages.ts";
import type { searchMessages } from "../../../api/search.ts";
import { call } from "../../call.ts";
import { noteKept } from "./kept-statuses.ts";
import { messageQuery } from "./message-query.ts";
import { STATUS, STATUSES, type Status } from "./status.ts";

type Pages = InfiniteData<ResponseOf<typeof searchMessages>>;
/** A state to give, as it is written: `null` for none. */
type StatusChange = { readonly guid: string; readonly written: Status | null; readonly undoes?: MadeChange };

/** A change that was made, and how to take it back: what was written before. */
type MadeChange = {
  readonly guid: string;
  readonly before: Status | null;
  readonly written: Status | null;
};

/** What is asked for: a change, or to take back what is the last one when its turn comes. */
type Asked = StatusChange | "undo";

/** Changes that can be taken back, one after another. */
const MOST_MADE = 50;

/** A change that was not kept, with why as its cause. */
class NotChanged extends Error {
  readonly change: StatusChange;

  constructor(change: StatusChange, cause: unknown) {
    super("a status was not changed", { cause });
    this.change = change;
  }
}

/** The changes of a status that were not kept, and why, by the alert's guid. */
export type NotKept = ReadonlyMap<string, { readonly error: unknown; readonly change: StatusChange }>;

/**
 * Gives an alert a state. It shows once it is kept, in the details and wherever the list has the alert. A change that was not kept is told
 * until the alert has been changed, or `forget` is called: the changes of other alerts, which a quick person makes meanwhile, hide none.
 * `undo` takes back the last change of this page, then the one before.
 */
export function useStatusChange() {
  const client = useQueryClient();
  const [notKept, setNotKept] = useState<NotKept>(new Map());
  const made = useRef<readonly MadeChange[]>([]);
  const [last, setLast] = useState<MadeChange>();
  const setMade = (changes: readonly MadeChange[]) => {
    made.current = changes;
    setLast(changes.at(-1));
  };
  const takeLast = (): StatusChange | undefined => {
    const undoes = made.current.at(-1);
    setMade(made.current.slice(0, -1));
    return undoes && { guid: undoes.guid, written: undoes.before, undoes };
  };
  const { mutate } = useMutation({
    // One after another, in the order of the keys: the last one for an alert is what it has in the end.
    scope: { id: STATUS },
    mutationFn: async (asked: Asked) => {
      const change = asked === "undo" ? takeLast() : asked;
      if (change === undefined) return undefined;
      try {
        return { change, kept: await keep(change) };
      } catch (error) {
        throw new NotChanged(change, error);
      }
    },
    onError: (error) => {
      if (!(error instanceof NotChanged)) return;
      const { change, cause } = error;
      setNotKept((all) => new Map(all).set(change.guid, { error: cause, change }));
      if (change.undoes !== undefined) setMade([...made.current, change.undoes]);
    },
    onSuccess: async (done) => {
      if (done === undefined) return;
      const { change, kept } = done;
      const { guid, written, undoes } = change;
      setNotKept((all) => new Map([...all].filter(([other]) => other !== guid)));
      if (kept === undefined) return;
      const { message, before } = kept;
      // One that was tried again has been put back.
      if (undoes !== undefined) setMade(made.current.filter((one) => one !== undoes));
      // What cannot be taken back must not let an earlier one be taken back in its place.
      else if (before === undefined) setMade([]);
      else if (before !== written) setMade([...made.current, { guid, before, written }].slice(-MOST_MADE));
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
  const keep = async ({ guid, written }: StatusChange) => {
    // What is no alert has no status. A key may come before anything is known of a message that a link has opened.
    const { is_alert, [STATUS]: before } = rowOf(guid) ?? (await client.ensureQueryData(messageQuery(guid)));
    if (is_alert === undefined) return undefined;
    const { message } = await call(patchMessage, {
      params: { guid },
      body: { fields: { [STATUS]: written } },
    });
    // What another system has written may be no state that can be given here.
    return {
      message,
      before: before === undefined ? null : STATUSES.find(({ value }) => value === before)?.value,
    };
  };
  const rowOf = (guid: string) =>
    client
      .getQueriesData<Pages>({ queryKey: ["rows"] })
      .flatMap(([, known]) => known?.pages ?? [])
      .flatMap(({ hits }) => hits)
      .find((row) => row.guid === guid);
  return {
    change: ({ guid, status }: { readonly guid: string; readonly status: Status }) =>
      // New is what an alert without a state is.
      mutate({ guid, written: status === "NEW" ? null : status }),
    notKept,
    retry: () => {
      for (const { change } of notKept.values()) mutate(change);
    },
    forget: () => setNotKept(new Map()),
    /** What the last change that can be taken back has written; undefined when there is none. */
    lastWritten: last?.written,
    undo: () => mutate("undo"),
  };
}
