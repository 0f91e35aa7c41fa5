const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** Local time as `2026-03-01 14:05:09.123`, whatever the browser's language: columns of times must align. */
export function localTime(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${clock}.${pad(date.getMilliseconds(), 3)}`;
}
