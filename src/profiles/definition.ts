/** Profiles as they run on telemetry that streams by. */
import { hash } from "node:crypto";
import type { ProfileDefinition } from "../stellar/profiler/definition.ts";

/** What holds for all profiles of a platform. Times are milliseconds. */
export type ProfileSettings = {
  /** The field that says when a message happened; undefined: the time it is routed counts. */
  readonly timestampField: string | undefined;
  readonly period: number;
  /** How long a period waits for messages that come late. */
  readonly lateness: number;
  /** An entity without messages for so long leaves. */
  readonly ttl: number;
  /** How far ahead of the clock a message may be. */
  readonly ahead: number;
  /** Entities that may be live at a time, of all profiles together. */
  readonly maxEntities: number;
};

export type StreamedProfile = ProfileDefinition & {
  /** Milliseconds that measurements are kept; undefined: for ever. */
  readonly expires: number | undefined;
};

/** The profiles in force. */
export type Profiles = {
  readonly settings: ProfileSettings;
  readonly profiles: readonly StreamedProfile[];
};

/** What is in force without a document. */
export const NO_PROFILES: Profiles = {
  settings: { timestampField: undefined, period: 1, lateness: 0, ttl: 1, ahead: 0, maxEntities: 0 },
  profiles: [],
};

/** One profile with all that its measurements follow from. */
export type RunningProfile = { readonly settings: ProfileSettings; readonly profile: StreamedProfile };

/** A profile as text. Two of one text are the same profile; another text begins anew. */
export function profileText({ settings, profile }: RunningProfile): string {
  return JSON.stringify({ settings, profile });
}

/** The short name that records and stored state know a profile's text by. */
export function profileKey(text: string): string {
  return hash("sha256", text, "hex").slice(0, 20);
}

/** Reads what `profileText` wrote. */
export function readProfileText(text: string): RunningProfile {
  const { settings, profile } = JSON.parse(text) as RunningProfile;
  return {
    settings: { ...settings, timestampField: settings.timestampField },
    profile: { ...profile, expires: profile.expires },
  };
}
