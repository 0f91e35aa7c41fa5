const SEVERITIES = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"] as const;
const FACILITIES = new Map(
  (
    "kern user mail daemon auth syslog lpr news uucp - authpriv ftp - - - cron " +
    "local0 local1 local2 local3 local4 local5 local6 local7"
  )
    .split(" ")
    .entries(),
);

/** Name of the severity in a syslog priority (RFC 5424, 6.2.1). */
export function severityName(priority: number): string {
  return SEVERITIES[priority & 7] as string;
}

/** Name of the facility in a syslog priority, `unknown` for those without one. */
export function facilityName(priority: number): string {
  const name = FACILITIES.get(priority >>> 3);
  return name === undefined || name === "-" ? "unknown" : name;
}
