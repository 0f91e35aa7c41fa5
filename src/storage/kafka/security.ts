import { AuthenticationError, type ConnectionOptions, type SASLOptions } from "@platformatic/kafka";
import { Fault } from "../../core/fault.ts";
import type { SecretReference } from "../../core/secret.ts";
import { gssapiOptions } from "./gssapi.ts";
import type { KafkaSettings, ReadSecret } from "./settings.ts";

/**
 * How connections are made. Secrets and certificates are read again for every connection, so that renewed ones are taken into
 * use without a restart; they are read once here, to say at once what cannot be read.
 * @throws Fault CONFIG_INVALID
 */
export function connectionOptions(
  { tls, sasl }: KafkaSettings,
  readSecret: ReadSecret,
): Pick<ConnectionOptions, "tls" | "sasl"> {
  const read = (what: string, reference: SecretReference) => {
    try {
      return readSecret(reference);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Fault("CONFIG_INVALID", `reading the ${what} for Kafka: ${reason}`, { cause: error });
    }
  };
  const options: Pick<ConnectionOptions, "tls" | "sasl"> = {};
  if (tls !== undefined) {
    const pem = (what: string, reference: SecretReference | undefined) => reference && read(what, reference);
    // The library copies these for every connection, which asks the getters again.
    options.tls = {
      get ca() {
        return pem("authority of certificates", tls.authority);
      },
      get cert() {
        return pem("certificate", tls.certificate);
      },
      get key() {
        return pem("key of the certificate", tls.key);
      },
    };
    void { ...options.tls };
  }
  if (sasl?.mechanism === "OAUTHBEARER") {
    const token = () => read("token", sasl.token);
    token();
    // A broker refuses a token in what looks like an acceptance (RFC 7628, section 3.2.2), and then waits for a farewell.
    const authBytesValidator: SASLOptions["authBytesValidator"] = (bytes, callback) =>
      bytes.length === 0
        ? callback(null, bytes)
        : callback(new AuthenticationError(`the token is refused: ${bytes.toString("utf8")}`), bytes);
    options.sasl = { mechanism: sasl.mechanism, token, authBytesValidator };
  } else if (sasl?.mechanism === "GSSAPI") options.sasl = gssapiOptions(sasl.service, sasl.principal);
  else if (sasl !== undefined) {
    const password = () => read("password", sasl.password);
    password();
    options.sasl = { mechanism: sasl.mechanism, username: sasl.user, password };
  }
  return options;
}
