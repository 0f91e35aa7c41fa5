import { Fault } from "../../core/fault.ts";
import { type DateTimeReader, dateTimeFormatter } from "../../stellar/java/date-time-formatter.ts";
import { PatternError } from "../../stellar/java/pattern-error.ts";
import { type DateFormat, simpleDateFormat } from "../../stellar/java/simple-date-format.ts";

/** Compiles a SimpleDateFormat pattern of the option `name`; throws CONFIG_INVALID for a wrong one. */
export function openDateFormat(name: string, pattern: string, zone: string, now: number): DateFormat {
  return compile(name, () => simpleDateFormat(pattern, { zone, now }));
}

/** Compiles a java.time pattern of the option `name`; throws CONFIG_INVALID for a wrong one. */
export function openDateTimeFormatter(name: string, pattern: string, zone: string): DateTimeReader {
  return compile(name, () => dateTimeFormatter(pattern, { zone }));
}

function compile<Compiled>(name: string, make: () => Compiled): Compiled {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof PatternError)
      throw new Fault("CONFIG_INVALID", `${name}: ${cause.message}`, { cause });
    throw cause;
  }
}
