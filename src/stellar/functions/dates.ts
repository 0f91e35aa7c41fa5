import { readInstant } from "../../core/instant.ts";
import {
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  DAY_OF_YEAR,
  dateFields,
  MONTH,
  WEEK_OF_MONTH,
  WEEK_OF_YEAR,
  YEAR,
} from "../../java/date-fields.ts";
import { type DateFormat, simpleDateFormat } from "../../java/simple-date-format.ts";
import { timeZone } from "../../java/time-zone.ts";
import { StellarError } from "../language/error.ts";
import { defineServiceFunction, type Namespace, raises, type StellarFunction } from "../language/function.ts";
import { remember } from "./remember.ts";

const FORMAT = {
  name: "format",
  type: "string",
  about: "The pattern, in the letters of Java's SimpleDateFormat.",
} as const;

/** Reads decimals of seconds as decimals; writing is the same either way. */
const lenientFormat = remember((key: string) => openFormat(key, true));
const strictFormat = remember((key: string) => openFormat(key, false));

const toEpochTimestamp = defineServiceFunction({
  name: "TO_EPOCH_TIMESTAMP",
  summary:
    "Reads a date and gives the milliseconds since 1970; null when the text does not begin with such a date.",
  params: [
    { name: "dateTime", type: "text", about: "The text to read; values out of range roll over." },
    FORMAT,
    { name: "timeZone", type: "string", about: "The zone where the text names none.", optional: true },
  ],
  returns: "long",
  needs: [],
  pure: true,
  examples: [
    ["TO_EPOCH_TIMESTAMP('2016-01-05 17:02:30', 'yyyy-MM-dd HH:mm:ss', 'UTC')", 1452013350000],
    ["TO_EPOCH_TIMESTAMP('2016-01-05 17:02:30', 'yyyy-MM-dd HH:mm:ss', 'America/New_York')", 1452031350000],
    [
      "TO_EPOCH_TIMESTAMP('2016-01-05T17:02:30.123456Z', \"yyyy-MM-dd'T'HH:mm:ss.SSSX\", 'UTC')",
      1452013350123,
    ],
    ["TO_EPOCH_TIMESTAMP('2016-13-45', 'yyyy-MM-dd', 'UTC')", 1487030400000],
    ["TO_EPOCH_TIMESTAMP('garbage', 'yyyy-MM-dd', 'UTC')", null],
    ["TO_EPOCH_TIMESTAMP('1452013350', 'yyyy', 'UTC')", null],
    ["TO_EPOCH_TIMESTAMP('2016', 'bogus', 'UTC')", raises("Illegal pattern character 'b'")],
  ],
  call: (services, dateTime, pattern, zone) => {
    if (dateTime === null || pattern === null) return null;
    const millis = lenientFormat(key(zone ?? services.timeZone, pattern)).parse(dateTime);
    // A year with too many digits is past what a long holds.
    return Number.isNaN(millis) || Math.abs(millis) >= 2 ** 63 ? null : millis;
  },
});

const readTime = defineServiceFunction({
  name: "READ_TIME",
  summary:
    "Reads ISO 8601 in its usual forms, or seconds to nanoseconds since 1970 told by their size; gives milliseconds since 1970, and null for everything else.",
  params: [
    { name: "time", type: "any", about: "The text or number to read." },
    {
      name: "timeZone",
      type: "string",
      about: "The zone of a text that states none; UTC unless given.",
      optional: true,
    },
  ],
  returns: "long",
  needs: [],
  pure: true,
  examples: [
    ["READ_TIME('2016-01-05T17:02:30.123456Z')", 1452013350123],
    ["READ_TIME('2016-01-05 18:02:30+01:00')", 1452013350000],
    ["READ_TIME('2016-01-05 17:02:30', 'America/New_York')", 1452031350000],
    ["READ_TIME('1452013350.5')", 1452013350500],
    ["READ_TIME(1452013350)", 1452013350000],
    ["READ_TIME(1452013350123L)", 1452013350123],
    ["READ_TIME('banana')", null],
  ],
  call: (_services, time, zone) => {
    const toUtc = zone == null ? undefined : (local: number) => timeZone(zone).toUtc(local);
    return readInstant(time, toUtc) ?? null;
  },
});

const dateFormat = defineServiceFunction({
  name: "DATE_FORMAT",
  summary: "Writes a moment as text.",
  params: [
    FORMAT,
    {
      name: "timestamp",
      type: "any",
      about:
        "Milliseconds since 1970 as a long, or a time zone; now unless given (an int counts as not given).",
      optional: true,
    },
    { name: "timeZone", type: "string", about: "The time zone to write in.", optional: true },
  ],
  returns: "string",
  needs: [],
  examples: [
    ["DATE_FORMAT('yyyy-MM-dd HH:mm:ss', 1452013350000L, 'UTC')", "2016-01-05 17:02:30"],
    ["DATE_FORMAT('EEE h:mm a z', 1452013350000L, 'America/New_York')", "Tue 12:02 PM EST"],
    ["DATE_FORMAT('yyyy', null)", null],
  ],
  call: (services, pattern, timestamp, zone) => {
    if (pattern === null) return null;
    if (zone === undefined) {
      if (timestamp === null) return null;
      const ownZone = typeof timestamp === "string" ? timestamp : services.timeZone;
      const moment = typeof timestamp === "bigint" ? Number(timestamp) : services.now();
      return lenientFormat(key(ownZone, pattern)).format(moment);
    }
    if (timestamp !== null && typeof timestamp !== "bigint") {
      throw new StellarError("the timestamp must be a long or null");
    }
    const moment = timestamp === null ? services.now() : Number(timestamp);
    return lenientFormat(key(zone ?? services.timeZone, pattern)).format(moment);
  },
});

const isDate = defineServiceFunction({
  name: "IS_DATE",
  summary: "Tells whether a text begins with a date of a format, all of whose values are in range.",
  params: [
    { name: "date", type: "text", about: "The text to check.", optional: true },
    { ...FORMAT, type: "text", optional: true },
  ],
  returns: "boolean",
  needs: [],
  pure: true,
  examples: [
    ["IS_DATE('2016-01-05', 'yyyy-MM-dd')", true],
    ["IS_DATE('2016-13-05', 'yyyy-MM-dd')", false],
    ["IS_DATE('2016-01-05x', 'yyyy-MM-dd')", true],
    ["IS_DATE(null, 'yyyy')", false],
  ],
  call: (services, date, pattern) => {
    if (date == null || pattern == null) return false;
    return !Number.isNaN(strictFormat(key(services.timeZone, pattern)).parse(date));
  },
});

const now = defineServiceFunction({
  name: "NOW",
  summary: "Gives the current time in milliseconds since 1970.",
  params: [],
  returns: "long",
  needs: [],
  examples: [["NOW() > 1451995200000L - 1L", true]],
  call: (services) => services.now(),
});

export const dates: Namespace = {
  name: "dates",
  summary: "Read, write and take apart dates.",
  functions: [
    dateFormat,
    defineField("DAY_OF_MONTH", "Gives the day of the month, from 1.", DAY_OF_MONTH, 5),
    defineField("DAY_OF_WEEK", "Gives the day of the week, 1 for Sunday to 7 for Saturday.", DAY_OF_WEEK, 3),
    defineField("DAY_OF_YEAR", "Gives the day of the year, from 1.", DAY_OF_YEAR, 5),
    isDate,
    defineField("MONTH", "Gives the month, 0 for January to 11 for December.", MONTH, 0),
    now,
    readTime,
    toEpochTimestamp,
    defineField("WEEK_OF_MONTH", "Gives the week of the month; weeks begin on Sunday.", WEEK_OF_MONTH, 2),
    defineField("WEEK_OF_YEAR", "Gives the week of the year; the first contains 1 January.", WEEK_OF_YEAR, 2),
    defineField("YEAR", "Gives the year.", YEAR, 2016),
  ],
};

/** The example's moment is noon on 5 January 2016, a Tuesday everywhere on earth but its date line. */
function defineField(name: string, summary: string, field: number, example: number): StellarFunction {
  return defineServiceFunction({
    name,
    summary,
    params: [
      {
        name: "timestamp",
        type: "long",
        about: "Milliseconds since 1970; now unless given.",
        optional: true,
      },
    ],
    returns: "integer",
    needs: [],
    examples: [
      [`${name}(1451995200000L)`, example],
      [`${name}('foo')`, null],
    ],
    call: (services, timestamp) => {
      if (timestamp === null) return null;
      const moment = timestamp === undefined ? services.now() : Number(timestamp);
      const local = moment + timeZone(services.timeZone).offsetAt(moment);
      return dateFields(local)[field] as number;
    },
  });
}

function key(zone: string, pattern: string): string {
  return `${zone}\n${pattern}`;
}

function openFormat(zoneAndPattern: string, lenient: boolean): DateFormat {
  const at = zoneAndPattern.indexOf("\n");
  const zone = zoneAndPattern.slice(0, at);
  return simpleDateFormat(zoneAndPattern.slice(at + 1), { zone, lenient, decimals: true });
}
