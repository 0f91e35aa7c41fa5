import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { storedMessage } from "./selection.ts";

const params = z.strictObject({ guid: z.string().min(1).max(200).describe("The message's guid.") });

export const getMessage = defineEndpoint({
  method: "GET",
  path: "/messages/:guid",
  summary: "Reads one message with all its fields.",
  role: "analyst",
  params,
  response: z.object({ message: storedMessage }),
});

export const patchMessage = defineEndpoint({
  method: "PATCH",
  path: "/messages/:guid",
  summary: "Changes fields of a stored message, such as `alert_status`.",
  role: "analyst",
  params,
  body: z.strictObject({
    fields: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .describe("New values by field; null removes a field. `guid`, `timestamp` and `source.type` stay."),
  }),
  response: z.object({ message: storedMessage }),
});
