import { type Cursor, group, left, rest } from "../cursor.ts";
import type { Field } from "../node.ts";
import { anything, element, oidOf, open, value, within } from "./der.ts";

const NAMES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serial",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "1.2.840.113549.1.9.1": "email",
  "0.9.2342.19200300.100.1.25": "DC",
};

const EXTENSIONS: Readonly<Record<string, string>> = {
  "2.5.29.14": "subject key identifier",
  "2.5.29.15": "key usage",
  "2.5.29.17": "subject alternative name",
  "2.5.29.19": "basic constraints",
  "2.5.29.31": "revocation lists",
  "2.5.29.32": "policies",
  "2.5.29.35": "authority key identifier",
  "2.5.29.37": "extended key usage",
  "1.3.6.1.5.5.7.1.1": "authority information",
  "1.3.6.1.4.1.11129.2.4.2": "signed certificate timestamps",
};

/** A certificate (X.509, RFC 5280): whose it is, who says so, since when and until when, and its extensions. */
export function certificate(cursor: Cursor): void {
  open(cursor);
  within(cursor, "x509af.signedCertificate_element", "Certificate", (inner) => {
    const VERSION = 0xa0;
    if (element(inner).tag === VERSION)
      within(inner, "x509af.version_element", "Version", (version) =>
        value(version, "x509af.version", "Version"),
      );
    value(inner, "x509af.serialNumber", "Serial number");
    algorithm(inner, "x509af.signature_element", "Signature algorithm");
    name(inner, "x509af.issuer", "Issuer");
    within(inner, "x509af.validity_element", "Validity", (validity) => {
      moment(validity, "x509af.notBefore", "Not before");
      moment(validity, "x509af.notAfter", "Not after");
    });
    name(inner, "x509af.subject", "Subject");
    within(inner, "x509af.subjectPublicKeyInfo_element", "Public key", (key) => {
      algorithm(key, "x509af.algorithm_element", "Algorithm");
      value(key, "x509af.subjectPublicKey", "Key");
    });
    while (left(inner) > 0) {
      if (element(inner).tag === 0xa3) extensions(inner);
      else anything(inner, "x509af.unique_id", () => "Identifier");
    }
  });
  algorithm(cursor, "x509af.algorithmIdentifier_element", "Signature algorithm");
  value(cursor, "x509af.encrypted", "Signature");
  rest(cursor, "x509af.more", "More bytes");
}

/** A time, whose year has two digits in one of the two forms. */
function moment(cursor: Cursor, field: string, label: string): void {
  const { tag, end } = element(cursor);
  const GENERALIZED = 24;
  group(cursor, [field, label], end, (inner, own) => {
    value(inner, tag === GENERALIZED ? "x509af.generalizedTime" : "x509af.utcTime", "Time");
    own.shown = inner.fields[0]?.shown ?? "";
  });
}

function algorithm(cursor: Cursor, field: string, label: string): void {
  within(cursor, field, label, (inner, _tag, group) => {
    value(inner, "x509af.algorithm.id", "Algorithm");
    group.shown = inner.fields[0]?.shown ?? "";
    while (left(inner) > 0) anything(inner, "x509af.parameters", () => "Parameter");
  });
}

/** A name, shown in its order: `C=DE, O=Example, CN=example.org`. */
function name(cursor: Cursor, field: string, label: string): void {
  within(cursor, field, label, (inner, _tag, group) => {
    const words: string[] = [];
    while (left(inner) > 0)
      within(inner, "x509if.RDNSequence_item", "Part", (part, _set, own: Field) => {
        while (left(part) > 0)
          within(part, "x509if.RelativeDistinguishedName_item", "Attribute", (attribute, _sequence, pair) => {
            const { content, end } = element(attribute);
            const oid = oidOf(attribute.bytes, content, end);
            value(attribute, "x509if.oid", "Kind");
            value(attribute, "x509sat.value", NAMES[oid] ?? oid);
            const told = attribute.fields[1]?.shown ?? "";
            pair.shown = `${NAMES[oid] ?? oid}=${told}`;
            own.shown = pair.shown;
            words.push(pair.shown);
          });
      });
    group.shown = words.join(", ");
    group.value = group.shown;
  });
}

function extensions(cursor: Cursor): void {
  within(cursor, "x509af.extensions", "Extensions", (inner) => {
    open(inner);
    while (left(inner) > 0)
      within(inner, "x509af.Extension_element", "Extension", (extension, _tag, group) => {
        const { content, end } = element(extension);
        const oid = oidOf(extension.bytes, content, end);
        group.shown = EXTENSIONS[oid] ?? oid;
        value(extension, "x509af.extension.id", "Kind");
        const BOOLEAN = 1;
        if (element(extension).tag === BOOLEAN) value(extension, "x509af.critical", "Critical");
        within(extension, "x509af.extension.value", "Content", (octets) => {
          while (left(octets) > 0)
            anything(octets, "x509ce.value", (tag) =>
              oid === "2.5.29.17" && tag === 0x82 ? "DNS name" : "Value",
            );
        });
      });
  });
}
