import { file } from "./file/file.ts";
import { syslog } from "./syslog/syslog.ts";

/** Every source there is, in the order of the reference. HTTP is not among them: the server brings its records. */
export const sources = [file, syslog] as const;

export type SourceName = (typeof sources)[number]["name"];
