import { queryOptions } from "@tanstack/react-query";
import { getMessage } from "../../../api/messages.ts";
import { call } from "../../call.ts";

/** Asks for one message, whole. */
export const messageQuery = (guid: string) =>
  queryOptions({
    queryKey: ["message", guid],
    queryFn: async ({ signal }) => (await call(getMessage, { params: { guid }, signal })).message,
  });
