import { z } from "zod";
import { defineEndpoint } from "./endpoint.ts";
import { storedMessage, time } from "./selection.ts";

const params = z.strictObject({ guid: z.string().min(1).max(200).describe("The message's guid.") });

export const getMessage = defineEndpoint({
  method: "GET",
  path: "/messages/:guid",
  summary: "Reads one message with all its fields.",
  role: "analyst",
  params,
  response: z.object({ message: storedMessage }),
});

export const messageHistory = defineEndpoint({
  method: "GET",
  path: "/messages/:guid/history",
  summary: "Tells who changed a message, when and what, the newest change first.",
  role: "analyst",
  params,
  response: z.object({
    changes: z
      .array(
        z.object({
          by: z.string().describe("Who made the change."),
          at: time.describe("When it was made."),
          fields: z
            .array(
              z.object({
                name: z.string().describe("The field."),
                value: z
                  .unknown()
                  .optional()
                  .describe("What it was set to: null when it was taken away, absent when that is too long."),
              }),
            )
            .describe("What was changed; empty for a change that an earlier version of Metron made."),
        }),
      )
      .describe("The changes that are kept."),
    earlier: z.int().min(0).describe("How many changes were made before these."),
  }),
});

/** What an alert may be, in the original's words. */
const ALERT_STATUSES = ["NEW", "OPEN", "DISMISS", "ESCALATE", "RESOLVE"] as const;

const text = (most: number) => z.string().trim().min(1).max(most);

export const patchMessage = defineEndpoint({
  method: "PATCH",
  path: "/messages/:guid",
  summary: "Changes what analysts say of a message: its status, who looks at it, tags; adds a comment.",
  role: "analyst",
  params,
  body: z.strictObject({
    fields: z
      .strictObject({
        alert_status: z.enum(ALERT_STATUSES).nullable().describe("Where the work on it stands; null is NEW."),
        alert_assignee: text(100).nullable().describe("Who looks at it; null is nobody."),
        alert_tags: z
          .array(text(100))
          .max(50)
          .nullable()
          .describe("Words it is found by; null removes them."),
        comment: text(10_000).describe("A remark, added to `comments` with who made it and when."),
      })
      .partial()
      .refine((fields) => Object.keys(fields).length > 0, "expected at least one field")
      .describe(
        "What to change. Nothing else of a message can be; `alert_changed_by` and `_at` note who did and when.",
      ),
  }),
  response: z.object({ message: storedMessage }),
});
