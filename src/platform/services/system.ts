import { arch, EOL, homedir, release, tmpdir, type, userInfo } from "node:os";
import { delimiter, sep } from "node:path";
import type { SystemAccess } from "../../stellar/functions/system.ts";

/** The properties Java's `System.getProperty` is asked for most, as this system would answer. */
const PROPERTIES: Readonly<Record<string, () => string>> = {
  "os.name": type,
  "os.arch": arch,
  "os.version": release,
  "user.name": () => userInfo().username,
  "user.home": homedir,
  "user.dir": () => process.cwd(),
  "java.io.tmpdir": tmpdir,
  "file.separator": () => sep,
  "path.separator": () => delimiter,
  "line.separator": () => EOL,
};

/** What SYSTEM_ENV_GET and SYSTEM_PROPERTY_GET ask. Only for the user's own shell: an environment holds secrets. */
export function systemAccess(): SystemAccess {
  return {
    environment: (name) => process.env[name],
    property: (key) => (Object.hasOwn(PROPERTIES, key) ? PROPERTIES[key]?.() : undefined),
  };
}
