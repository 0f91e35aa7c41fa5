/** What a certificate says, as Zeek's x509.log tells it. */
import { hash, X509Certificate } from "node:crypto";
import { LIST_LIMIT, type RecordFields } from "../protocol.ts";

export type Certificate = { readonly fingerprint: string; readonly fields: RecordFields };

/** The same few certificates come again and again, and reading one takes as long as many packets. */
const MOST_KNOWN = 2_000;
const known = new Map<string, Certificate>();

/** Reads a certificate in DER; of one that cannot be read, the fingerprint alone is told. */
export function readCertificate(der: Uint8Array, isServer: boolean): Certificate {
  const fingerprint = hash("sha256", der);
  const key = `${fingerprint} ${isServer}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const certificate = {
    fingerprint,
    fields: { fingerprint, ...fieldsOf(der), host_cert: isServer, client_cert: !isServer },
  };
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value ?? "");
  known.set(key, certificate);
  return certificate;
}

function fieldsOf(der: Uint8Array): RecordFields {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    // Who sends the bytes decides what they are.
    return {};
  }
  const names = alternativeNames(certificate.subjectAltName ?? "");
  return {
    "certificate.version": versionOf(der),
    "certificate.serial": certificate.serialNumber,
    "certificate.subject": distinguishedName(certificate.subject),
    "certificate.issuer": distinguishedName(certificate.issuer),
    "certificate.not_valid_before": secondsOf(certificate.validFromDate),
    "certificate.not_valid_after": secondsOf(certificate.validToDate),
    ...keyOf(certificate),
    "san.dns": listOf(names, "DNS"),
    "san.ip": listOf(names, "IP Address"),
    "basic_constraints.ca": certificate.ca,
  };
}

/** Lines of name and value, the most general first, as RFC 4514 writes them: the most special first, with commas. */
function distinguishedName(lines: string | undefined): string | undefined {
  return lines?.split("\n").toReversed().join(",").replaceAll(" + ", "+");
}

/** The number in the first field of what is signed (RFC 5280, 4.1), plus 1; of version 1 it is left out. */
function versionOf(der: Uint8Array): number {
  // Two sequences with their lengths are before it, each of 2 to 5 bytes.
  let at = 0;
  for (let level = 0; level < 2; level++) at += 2 + (der[at + 1]! & 0x80 ? der[at + 1]! & 0x7f : 0);
  return der[at] === 0xa0 ? der[at + 4]! + 1 : 1;
}

function secondsOf(date: Date): number | undefined {
  const seconds = date.getTime() / 1000;
  return Number.isFinite(seconds) ? seconds : undefined;
}

const CURVES: Readonly<Record<string, number>> = {
  prime256v1: 256,
  secp224r1: 224,
  secp256k1: 256,
  secp384r1: 384,
  secp521r1: 521,
};

function keyOf(certificate: X509Certificate): RecordFields {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
    return {
      "certificate.key_type": type === "ec" ? "ecdsa" : type,
      "certificate.key_length": details?.modulusLength ?? CURVES[details?.namedCurve ?? ""],
    };
  } catch {
    // A kind of key that nobody here knows; the rest of the certificate can be read all the same.
    return {};
  }
}

/** `DNS:a, IP Address:b`, with values in quotes where they hold odd characters. */
function alternativeNames(text: string): readonly (readonly [kind: string, value: string])[] {
  return [...text.matchAll(/(DNS|IP Address):(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)]
    .slice(0, LIST_LIMIT)
    .map(([, kind = "", quoted, plain = ""]) => [kind, quoted ?? plain] as const);
}

function listOf(names: ReturnType<typeof alternativeNames>, wanted: string): readonly string[] | undefined {
  const found = names.flatMap(([kind, value]) => (kind === wanted ? [value] : []));
  return found.length > 0 ? found : undefined;
}
