import { z } from "zod";
import { NO_PROFILES, type Profiles, type StreamedProfile } from "../profiles/definition.ts";
import { expression } from "../stellar/language/option.ts";
import type { Expressions } from "../stellar/profiler/definition.ts";
import { checkDocument, type Document, mistakeIn, readYaml, refuse } from "./yaml.ts";

const UNITS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const DURATION = /^([1-9][0-9]{0,8}) (second|minute|hour|day)s?$/;
const DAY = UNITS.day;
/** Periods beyond these are no numbers any more that are told apart. */
const LONGEST = 3650 * DAY;

/** A time such as `15 minutes`, in milliseconds. */
const duration = (standard: string) =>
  z
    .string()
    .regex(DURATION, "expected a number of seconds, minutes, hours or days, such as `15 minutes`")
    .default(standard)
    .transform((text) => {
      const [, count = "0", unit = "second"] = DURATION.exec(text) ?? [];
      return Number(count) * UNITS[unit as keyof typeof UNITS];
    })
    .refine((millis) => millis <= LONGEST, "expected no more than 3650 days");

/** No time at all is a lateness too. */
const none = z.literal("none").transform(() => 0);

const written = z.union([expression(), z.number().transform(String), z.boolean().transform(String)]);

/** Names as expressions can refer to them. */
const variable = z.string().regex(/^[A-Za-z_$][A-Za-z0-9_.:]*$/, "expected the name of a variable");

const assignments = z.record(variable, written).default({});

const profileSchema = z.strictObject({
  profile: z.string().min(1).max(200).describe("Name of the profile: PROFILE_GET asks for it."),
  foreach: expression().min(1).describe("The entity that a message counts for, such as `ip_src_addr`."),
  onlyif: written.default("true").describe("Which messages count."),
  init: assignments.describe(
    "Variables that begin again with the first message of each period: name and expression. A plain number counts as its text, so a double is written in quotes: `'1.0'`.",
  ),
  update: assignments.describe(
    "Variables that change with each message, in this order; one whose expression gives null stays as it is.",
  ),
  groupBy: z
    .array(written)
    .default([])
    .describe("Groups that a measurement is kept under; expressions also see `start`, `end` and `result`."),
  result: z
    .union([
      written,
      z.strictObject({
        profile: written.describe("What is measured at the end of a period."),
        triage: z
          .record(z.string().min(1), written)
          .default({})
          .describe("Values that go as a message to the sensor `profiler`, for triage."),
      }),
    ])
    .describe("What is measured at the end of a period, alone or with what goes to triage."),
  expires: z
    .number()
    .positive()
    .max(36_500)
    .optional()
    .describe("Days that measurements are kept; for ever when left out."),
});

/** The document of profiles: what entities do, summed up period by period. */
export const profilesSchema = z.strictObject({
  timestampField: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The field that says when a message happened, in milliseconds since 1970; the time at which it passes the loop when left out.",
    ),
  period: duration("15 minutes").describe("How long a period is."),
  lateness: z
    .union([none, duration("1 minute")])
    .prefault("1 minute")
    .describe("How long a period stays open for messages that are late; `none` for not at all."),
  ttl: duration("30 minutes").describe(
    "An entity without messages for so long is forgotten once it is measured.",
  ),
  ahead: duration("10 minutes").describe(
    "How far ahead of this machine's clock the time of a message may be; one beyond is counted and left out, as it would end the periods of all others.",
  ),
  maxEntities: z
    .int()
    .min(1)
    .max(100_000_000)
    .default(1_000_000)
    .describe(
      "Entities, of all profiles together, that are kept in memory; messages of further ones are counted and left out.",
    ),
  profiles: z.array(profileSchema).default([]).describe("The profiles."),
});

type ProfilesDocument = z.output<typeof profilesSchema>;

/** A document of profiles as written, with the places of its parts for messages about mistakes found later. */
export type PlacedProfiles = {
  readonly profiles: Profiles;
  readonly data: ProfilesDocument;
  readonly document: Document;
};

let last: { readonly text: string; readonly profiles: Profiles } | undefined;

/**
 * The profiles that a document puts in force; an empty text is none. What was read last is not read again.
 * @throws Fault CONFIG_INVALID as `readProfiles`
 */
export function profilesIn(text: string): Profiles {
  if (text === "") return NO_PROFILES;
  if (last?.text !== text) last = { text, profiles: readProfiles(text).profiles };
  return last.profiles;
}

/**
 * Reads the document of profiles.
 * @throws Fault CONFIG_INVALID naming line, column and what was expected.
 */
export function readProfiles(text: string, name = "profiles"): PlacedProfiles {
  const document = readYaml(text, name);
  const data = checkDocument(profilesSchema, document, name);
  const { profiles, timestampField, period, lateness, ttl, ahead, maxEntities } = data;
  const mistakes = [];
  if (ttl < period)
    mistakes.push(
      mistakeIn(
        document,
        ["ttl"],
        "must be at least `period`: entities would be forgotten before they are measured",
      ),
    );
  const seen = new Set<string>();
  for (const [index, { profile }] of profiles.entries()) {
    if (seen.has(profile))
      mistakes.push(
        mistakeIn(
          document,
          ["profiles", index, "profile"],
          `\`${profile}\` is there twice; give one of them another name`,
        ),
      );
    seen.add(profile);
  }
  if (mistakes.length > 0) refuse(name, mistakes);
  const settings = { timestampField, period, lateness, ttl, ahead, maxEntities };
  return { profiles: { settings, profiles: profiles.map(streamed) }, data, document };
}

function streamed(written: ProfilesDocument["profiles"][number]): StreamedProfile {
  const { result, init, update, expires, ...rest } = written;
  const list = (map: Readonly<Record<string, string>>): Expressions => Object.entries(map);
  const { profile: measured, triage } = typeof result === "string" ? { profile: result, triage: {} } : result;
  return {
    ...rest,
    ...{ init: list(init), update: list(update) },
    ...{ result: measured, triage: list(triage) },
    expires: expires === undefined ? undefined : expires * DAY,
  };
}
