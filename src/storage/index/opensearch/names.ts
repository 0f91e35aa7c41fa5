import { hash } from "node:crypto";
import { DAY } from "../blocks/block.ts";

/** Characters of a sensor's name in the name of an index, of which OpenSearch takes 255 bytes. */
const MOST_SENSOR = 120;
/** Days around a message's arrival that get an index of their own: times that are mistakes must not make thousands of them. */
const DAYS_BEFORE = 400;
const DAYS_AFTER = 2;
const OTHER_DAYS = "other-days";

/** The names of everything that one installation keeps in OpenSearch: all begin with its prefix. */
export class Names {
  readonly prefix: string;

  /** @param prefix lower-case letters, digits and dashes. */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The alias of all messages. */
  get all(): string {
    return this.prefix;
  }

  /** What the names of all indices of messages fit. */
  get pattern(): string {
    return `${this.prefix}.*`;
  }

  /** The index of what the platform notes for itself: positions, and the fields of each sensor. */
  get internal(): string {
    return `${this.prefix}-internal`;
  }

  /**
   * The index of a message. It follows from the message and its arrival alone, so that a replay comes to the same one.
   * @param time and arrival: epoch milliseconds.
   */
  index(sensor: string, time: number, arrival: number): string {
    const distance = Math.floor(time / DAY) - Math.floor(arrival / DAY);
    const isUsual = distance >= -DAYS_BEFORE && distance <= DAYS_AFTER;
    const day = isUsual ? new Date(time).toISOString().slice(0, 10) : OTHER_DAYS;
    return `${this.prefix}.${sensorPart(sensor)}.${day}`;
  }

  /** What the names of all indices of a sensor fit. */
  ofSensor(sensor: string): string {
    return `${this.prefix}.${sensorPart(sensor)}.*`;
  }
}

/** Whether an index holds messages of days that have no index of their own. */
export function isOfOtherDays(index: string): boolean {
  return index.endsWith(`.${OTHER_DAYS}`);
}

/** A sensor's name as OpenSearch takes it for a part of an index's name: what is not allowed there as `~` and its code. */
function sensorPart(sensor: string): string {
  let part = "";
  for (const byte of Buffer.from(sensor)) {
    const sign = String.fromCharCode(byte);
    part += /[a-z0-9_-]/.test(sign) ? sign : `~${byte.toString(16).padStart(2, "0")}`;
  }
  if (part.length <= MOST_SENSOR) return part === "" ? "~" : part;
  return `${part.slice(0, MOST_SENSOR - 40)}~~${hash("sha1", sensor)}`;
}

/**
 * A field's name in documents: `:` for `.`, which OpenSearch takes for an object, as the original's index had it, and all
 * that is no letter, digit or `_-@` as `%` and its code.
 */
export function fieldPart(field: string): string {
  let part = plain.get(field);
  if (part !== undefined) return part;
  part = /^[\w@-]+(?:\.[\w@-]+)*$/.test(field) ? field.replaceAll(".", ":") : escaped(field);
  if (plain.size >= MOST_REMEMBERED) plain.clear();
  plain.set(field, part);
  return part;
}

/** The name under which the values of a family of fields stand together (`threat.triage.rules.*.name`); undefined when it is of none. */
export function familyPart(field: string): string | undefined {
  const segments = field.split(".");
  if (!segments.some((segment) => /^\d+$/.test(segment))) return undefined;
  return segments.map((segment) => (/^\d+$/.test(segment) ? "+" : fieldPart(segment))).join(":");
}

/** The same for a family as it is written, with `*` for the numbers. */
export function writtenFamilyPart(family: string): string {
  return family
    .replaceAll(":", ".")
    .split(".")
    .map((segment) => (segment === "*" ? "+" : fieldPart(segment)))
    .join(":");
}

const MOST_REMEMBERED = 20_000;
const plain = new Map<string, string>();

function escaped(field: string): string {
  if (field === "") return "%";
  let part = "";
  for (const char of field.toWellFormed()) {
    if (/^[\w@-]$/.test(char)) part += char;
    else if (char === ".") part += ":";
    else for (const byte of Buffer.from(char)) part += `%${byte.toString(16).padStart(2, "0")}`;
  }
  return part;
}
