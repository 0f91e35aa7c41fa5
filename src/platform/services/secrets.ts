import { readFileSync } from "node:fs";
import { Fault } from "../../core/fault.ts";
import { SECRET_VARIABLE, type SecretReference } from "../../core/secret.ts";
import { StellarError } from "../../stellar/language/error.ts";
import type { AllowPath } from "../../storage/allowed-folders.ts";

/**
 * Reads the text of secrets at the moment they are used and keeps nothing. The line end that editors put behind the text of a file is not
 * part of it.
 */
export function secretReader(allow: AllowPath): (reference: SecretReference) => string {
  return (reference) => {
    if ("env" in reference) {
      const value = SECRET_VARIABLE.test(reference.env) ? process.env[reference.env] : undefined;
      if (value !== undefined) return value;
      throw new StellarError(
        `the environment has no secret \`${reference.env}\`; set it where the platform is started, and start it again`,
      );
    }
    try {
      return readFileSync(allow(reference.file, "secrets"), "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      const reason = error instanceof Fault ? error.message : code;
      if (reason === "") throw error;
      const cure = code === "ENOENT" ? "; put it there" : "";
      throw new StellarError(`the secret of file \`${reference.file}\` cannot be read: ${reason}${cure}`);
    }
  };
}
