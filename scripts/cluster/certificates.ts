import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of files in PEM. */
export type Certificate = {
  /** The certificate, which is its own authority. */
  readonly certificate: string;
  readonly key: string;
  /** Key (PKCS 8) and certificate in one file, as Kafka wants them. */
  readonly both: string;
};

/** Makes a certificate for this machine in a folder. `faketime`: the day on which it is made, to have one that has expired. */
export function makeCertificate(folder: string, name: string, madeOn?: string): Certificate {
  const path = (end: string) => join(folder, `${name}-${end}.pem`);
  const [certificate, key, both] = [path("certificate"), path("key"), path("both")];
  const request = [
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
  ];
  const [program = "", ...parameters] = madeOn === undefined ? request : ["faketime", madeOn, ...request];
  execFileSync(program, parameters, { stdio: "pipe" });
  const eight = execFileSync("openssl", ["pkcs8", "-topk8", "-nocrypt", "-in", key]);
  writeFileSync(both, Buffer.concat([eight, readFileSync(certificate)]));
  return { certificate, key, both };
}
