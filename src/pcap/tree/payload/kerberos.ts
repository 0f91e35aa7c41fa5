import { type Cursor, left, malformed, number, rest } from "../cursor.ts";
import { unit } from "../show.ts";
import type { Step } from "../step.ts";
import { anything, element, value, within } from "./der.ts";

const MESSAGES: Readonly<Record<number, string>> = {
  10: "AS-REQ",
  11: "AS-REP",
  12: "TGS-REQ",
  13: "TGS-REP",
  14: "AP-REQ",
  15: "AP-REP",
  30: "KRB-ERROR",
};

/** Application tags of messages (RFC 4120, 5.10): constructed, of the application's class. */
const APPLICATION = 0x60;
const KRB_ERROR = 30;

/** Tickets (RFC 4120): who asks for what; what is encrypted stays so. */
export const kerberos: Step = {
  name: "kerberos",
  label: "Kerberos",
  read(cursor, { isTcp }) {
    if (isTcp) number(cursor, 4, "kerberos.rm.length", "Length", unit("bytes"));
    const tag = element(cursor).tag - APPLICATION;
    const label = MESSAGES[tag];
    if (label === undefined) malformed("is no message of Kerberos");
    within(cursor, "kerberos.message", label, (inner, _tag, field) => {
      field.shown = label;
      within(inner, "kerberos.message_element", "Message", (message) => {
        while (left(message) > 0)
          member(message, tag === KRB_ERROR ? ERROR : tag === 11 || tag === 13 ? ANSWER : REQUEST);
      });
    });
    rest(cursor, "kerberos.more", "More bytes");
    return undefined;
  },
};

/** A member of a sequence: what it is called, and the members that it has itself. */
type Member = readonly [name: string, label: string, members?: Members];
/** Members by the number of their tag. */
type Members = Readonly<Record<number, Member>>;

const PRINCIPAL: Members = {
  0: ["kerberos.name_type", "Name type"],
  1: ["kerberos.name_string", "Name"],
};
const ENCRYPTED: Members = {
  0: ["kerberos.etype", "Encryption"],
  1: ["kerberos.kvno", "Key version"],
  2: ["kerberos.cipher", "Encrypted"],
};
const TICKET: Members = {
  0: ["kerberos.tkt_vno", "Version"],
  1: ["kerberos.realm", "Realm"],
  2: ["kerberos.sname_element", "Server", PRINCIPAL],
  3: ["kerberos.enc_part_element", "Encrypted part", ENCRYPTED],
};
const BODY: Members = {
  0: ["kerberos.kdc_options", "Options"],
  1: ["kerberos.cname_element", "Client", PRINCIPAL],
  2: ["kerberos.realm", "Realm"],
  3: ["kerberos.sname_element", "Server", PRINCIPAL],
  4: ["kerberos.from", "From"],
  5: ["kerberos.till", "Until"],
  6: ["kerberos.rtime", "Renewable until"],
  7: ["kerberos.nonce", "Nonce"],
  8: ["kerberos.etype", "Encryption"],
  9: ["kerberos.addresses", "Addresses"],
};
const REQUEST: Members = {
  1: ["kerberos.pvno", "Version"],
  2: ["kerberos.msg_type", "Message type"],
  3: ["kerberos.padata", "Authentication before"],
  4: ["kerberos.req_body_element", "Request", BODY],
};
const ANSWER: Members = {
  0: ["kerberos.pvno", "Version"],
  1: ["kerberos.msg_type", "Message type"],
  2: ["kerberos.padata", "Authentication before"],
  3: ["kerberos.crealm", "Client realm"],
  4: ["kerberos.cname_element", "Client", PRINCIPAL],
  5: ["kerberos.ticket_element", "Ticket", TICKET],
  6: ["kerberos.enc_part_element", "Encrypted part", ENCRYPTED],
};
const ERROR: Members = {
  0: ["kerberos.pvno", "Version"],
  1: ["kerberos.msg_type", "Message type"],
  2: ["kerberos.ctime", "Client time"],
  3: ["kerberos.cusec", "Client microseconds"],
  4: ["kerberos.stime", "Server time"],
  5: ["kerberos.susec", "Server microseconds"],
  6: ["kerberos.error_code", "Error"],
  7: ["kerberos.crealm", "Client realm"],
  8: ["kerberos.cname_element", "Client", PRINCIPAL],
  9: ["kerberos.realm", "Realm"],
  10: ["kerberos.sname_element", "Server", PRINCIPAL],
  11: ["kerberos.e_text", "Text"],
  12: ["kerberos.e_data", "Data"],
};

function member(cursor: Cursor, members: Members): void {
  const { tag } = element(cursor);
  const [name, label, inner] = members[tag & 31] ?? ["kerberos.other", `Member ${tag & 31}`];
  within(cursor, `${name}_tag`, label, (content, _tag, field) => {
    const first = element(content);
    if (inner !== undefined) {
      // Tickets have a tag of their own around their sequence.
      if (first.tag > APPLICATION) content.at = first.content;
      within(content, name, label, (sequence) => {
        while (left(sequence) > 0) member(sequence, inner);
      });
    } else if (first.tag === 0x30) {
      within(content, name, label, (sequence) => {
        while (left(sequence) > 0) anything(sequence, name, () => label);
      });
    } else value(content, name, label);
    field.shown = content.fields[0]?.shown ?? "";
  });
}
