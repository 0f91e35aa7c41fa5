/**
 * Kerberos for Kafka (SASL GSSAPI, RFC 4752): the tokens are made by the package `kerberos`, which compiles native code and is
 * therefore not among ours. Whoever wants it installs it beside Metron.
 */
import { createRequire } from "node:module";
import { AuthenticationError, type SASLOptions } from "@platformatic/kafka";
import { Fault } from "../../core/fault.ts";

/** What of the package is used (kerberos 7). */
type KerberosClient = {
  readonly contextComplete: boolean;
  step(challenge: string): Promise<string>;
  wrap(challenge: string, options: { readonly user?: string; readonly protect?: boolean }): Promise<string>;
  unwrap(challenge: string): Promise<string>;
};
type Kerberos = {
  readonly GSS_MECH_OID_KRB5: number;
  initializeClient(
    service: string,
    options: { readonly mechOID: number; readonly principal?: string },
  ): Promise<KerberosClient>;
};

type SaslAuthenticateResponse = NonNullable<Parameters<Parameters<Authenticate>[6]>[1]>;
type Authenticate = NonNullable<SASLOptions["authenticate"]>;

/** The first byte of the answer to the broker's offer: no protection of what follows, as TLS does that. */
const NO_PROTECTION = 1;

/**
 * How connections log in by Kerberos, with the tickets that `kinit` or a keytab (KRB5_CLIENT_KTNAME) give the process.
 * @param service the first part of the brokers' principals, such as `kafka`
 * @param principal who to be; whoever the tickets are of when left out
 * @throws Fault PROGRAM_MISSING when the package is not installed
 */
export function gssapiOptions(service: string, principal: string | undefined): SASLOptions {
  const kerberos = loadKerberos();
  return {
    mechanism: "GSSAPI",
    authenticate(_mechanism, connection, authenticate, _user, _password, _token, callback) {
      const ask = (token: Buffer) =>
        new Promise<SaslAuthenticateResponse>((resolve, reject) =>
          authenticate(connection, token, (error, answer) =>
            answer === undefined ? reject(error) : resolve(answer),
          ),
        );
      logIn(kerberos, `${service}@${connection.host}`, principal, ask).then(
        (answer) => callback(null, answer),
        (error: Error) =>
          callback(
            new AuthenticationError(`Kerberos: ${error.message}`, { cause: error }),
            undefined as never,
          ),
      );
    },
  };
}

/** Exchanges tokens until the context stands, then answers the broker's offer of protection. Returns the broker's last answer. */
async function logIn(
  kerberos: Kerberos,
  service: string,
  principal: string | undefined,
  ask: (token: Buffer) => Promise<SaslAuthenticateResponse>,
): Promise<SaslAuthenticateResponse> {
  const client = await kerberos.initializeClient(service, {
    mechOID: kerberos.GSS_MECH_OID_KRB5,
    ...(principal !== undefined && { principal }),
  });
  let challenge = "";
  for (;;) {
    const token = (await client.step(challenge)) ?? "";
    const answer = await ask(Buffer.from(token, "base64"));
    challenge = answer.authBytes.toString("base64");
    if (client.contextComplete) break;
  }
  // The offer is a byte of protections and three of a size; what is chosen goes back, followed by who one is.
  await client.unwrap(challenge);
  const choice = Buffer.from([NO_PROTECTION, 0, 0, 0]).toString("base64");
  const wrapped = await client.wrap(choice, { protect: false });
  return ask(Buffer.from(wrapped, "base64"));
}

function loadKerberos(): Kerberos {
  try {
    return createRequire(import.meta.url)("kerberos") as Kerberos;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "MODULE_NOT_FOUND" ? "is not installed" : `cannot be loaded (${message.split("\n")[0]})`;
    throw new Fault(
      "PROGRAM_MISSING",
      `logging in to Kafka by Kerberos: the package \`kerberos\` ${why}; run \`npm install --no-save kerberos\` in the folder of Metron, which needs a compiler, Python and libkrb5-dev`,
      { cause: error },
    );
  }
}
