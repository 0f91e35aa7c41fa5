/** A field of a packet that the two readings have at other bytes, with another value, or not as often. */
export type Difference = {
  readonly place: string;
  readonly name: string;
  /** What only we have, and what only tshark has, as `start-end=value`. */
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
};

type Explained = {
  readonly why: string;
  readonly is: (difference: Difference) => boolean;
  /** Whether it concerns our own samples alone. */
  readonly of?: "samples";
};

const nothing = (list: readonly string[]) => list.length === 0;
const named =
  (pattern: RegExp) =>
  ({ name }: Difference): boolean =>
    pattern.test(name);
/** tshark has such fields also where we read nothing of the kind. */
const theirsOnly =
  (pattern: RegExp) =>
  ({ name, ours }: Difference): boolean =>
    nothing(ours) && pattern.test(name);
const oursOnly =
  (pattern: RegExp) =>
  ({ name, theirs }: Difference): boolean =>
    nothing(theirs) && pattern.test(name);
const at =
  (place: RegExp, name = /./) =>
  (difference: Difference): boolean =>
    place.test(difference.place) && name.test(difference.name);

/** Every way in which the tree and tshark 4.0 may differ, and why. */
export const EXPLAINED: readonly Explained[] = [
  // What tshark reads of several packets, and we of one.
  {
    why: "tshark shows a record or message of TLS once it is whole; we show the part that is in the packet",
    is: oursOnly(/^tls\.record/),
  },
  {
    why: "tshark knows from packets before that a mail is sent or another protocol follows; one packet does not tell",
    is: at(/^(?:ftp__ipv4\.pcap#14|dce-rpc__20-fids-no-close\.pcap#26|tunnels__gre-aruba)/),
  },
  // What tshark does otherwise by choice.
  {
    why: "a checksum that is left out has two bytes in tshark; the state is concluded",
    is: ({ name, ours, theirs }) =>
      name === "udp.checksum.status" &&
      ours.length === theirs.length &&
      ours.every((each) => each.endsWith("=3")),
  },
  {
    why: "checksums of what a message of ICMP quotes are not judged: it is cut, and of another time",
    is: ({ name, ours }) =>
      /checksum\.status$/.test(name) && ours.length > 0 && ours.every((each) => each.endsWith("=2")),
  },
  {
    why: "tshark marks the version of IPv6 as one of IP too, hidden",
    of: "samples",
    is: theirsOnly(/^ip\.version$/),
  },
  {
    why: "tshark 4.0 counts the offset of a fragment in units of eight bytes",
    is: ({ name, ours, theirs }) => name === "ip.frag_offset" && value(ours) === 8 * value(theirs),
  },
  {
    why: "the address of a switch is one of a frame for us, and one of FabricPath for tshark",
    is: ({ place, name, theirs }) => /fabric-?path/i.test(place) && /^eth\./.test(name) && nothing(theirs),
  },
  {
    why: "tshark has addresses of FDDI and Token Ring a second time: with their bits turned, or without the mark of a route",
    is: theirsOnly(/^(?:fddi|tr)\.(?:src|dst)$/),
  },
  {
    why: "in tshark a request or answer of FTP is a mark without bytes",
    is: named(/^ftp\.(?:request|response)$/),
  },
  {
    why: "in tshark an answer of several lines is one with the first line's code",
    is: oursOnly(/^smtp\.response(?:\.code)?$/),
  },
  {
    why: "tshark takes four letters of a command",
    is: ({ name, ours }) => name === "smtp.req.command" && ours.some((each) => each.endsWith("=STARTTLS")),
  },
  {
    why: "in tshark each line of a header is in a list of lines too; we show it once",
    is: named(/^http\.(?:request|response)\.line$/),
  },
  {
    why: "tshark has no bytes of a body that is text or goes on in other packets",
    is: named(/^http\.file_data$/),
  },
  {
    why: "tshark takes a length of more than 63 bits for none",
    is: at(/^http__261__variant-02-cl_uint64max\.pcap#4$/),
  },
  {
    why: "tshark names an option's content also where it has a name of its own",
    is: theirsOnly(/^dhcp\.option\.value$/),
  },
  { why: "in tshark each type of a bitmap of NSEC is a field", is: theirsOnly(/^dns\.resp\.type$/) },
  { why: "messages of control of GTP are not read, and hold such lengths", is: theirsOnly(/^gtp\.length$/) },
  {
    why: "tshark reads on in a header of options that is wrong, or ends there; we read what its length says",
    is: at(/^ipv6-mobility-dst-opts\.pcap#/, /^ipv6\.opt|^udp\.(?:checksum\.status|srcport)$/),
  },
  {
    why: "tshark has one field for what comes before the ticket; we show what is in it",
    is: oursOnly(/^kerberos\.padata$/),
  },
  {
    why: "28 bytes and more behind the header are no authentication code (RFC 5905, 7.3), and this is no message of time",
    is: at(/^ipv4__fragmented-1\.pcap#3$/, /^ntp\./),
  },
  {
    why: "commands that are chained (AndX), and what tshark makes of their words, are not read",
    is: theirsOnly(/^smb\.(?:cmd|reserved)$/),
  },
  {
    why: "the words of this answer are more than it says, and tshark knows that",
    is: at(/^smb__raw_ntlm_in_smb\.pcap#29$/, /^smb\.bcc$/),
  },
  { why: "many parts of messages are reserved; both read other parts", is: named(/^smb2\.reserved$/) },
  {
    why: "tshark takes the first four bytes of an encrypted packet for its length",
    is: named(/^ssh\.encrypted_packet$/),
  },
  {
    why: "in tshark a message that is encrypted is a message; we say that it is encrypted",
    is: theirsOnly(/^tls\.handshake$/),
  },
  {
    why: "tshark has the content of extensions that we do not read in fields of their own",
    is: named(/^tls\.handshake\.extension\.data$/),
  },
  { why: "drafts of TLS 1.3 had another answer of the server", is: at(/^tls__tls-13draft19/) },
  {
    why: "parameters of an algorithm that name others are shown as what they are",
    is: theirsOnly(/^x509af\.algorithm\.id$/),
  },
  {
    why: "in tshark the element of a list is its content; ours has its head too",
    is: named(/^x509af\.extensions$|^x509if\.RDNSequence_item$/),
  },
  {
    why: "a name is shown as people write it; tshark has the number of its form",
    is: ({ name, ours, theirs }) =>
      /^x509af\.(?:issuer|subject)$/.test(name) && ranges(ours) === ranges(theirs),
  },
  {
    why: "packets of QUIC with the short header say nothing that is read",
    is: theirsOnly(/^quic\.(?:header_form|fixed_bit)$/),
  },
  // Our own samples.
  {
    why: "tshark says a place that is 14 bytes too early",
    of: "samples",
    is: at(/^provider backbone$/, /^ieee8021ah\.etype$/),
  },
  { why: "tshark takes the direction away before it counts", of: "samples", is: at(/^PPP with direction$/) },
  {
    why: "tshark does not look for them unless it is told to",
    of: "samples",
    is: at(/^VXLAN at Linux's port$|^Teredo by its form|^log of netfilter, big-endian$/),
  },
  {
    why: "the sample says that it is shorter than it is, and decoding takes what is there",
    of: "samples",
    is: at(/^L2TP$/, /^data\.data$/),
  },
];

const value = (list: readonly string[]) => Number(list[0]?.split("=")[1]);
const ranges = (list: readonly string[]) =>
  list
    .map((each) => each.split("=")[0])
    .sort()
    .join();

/** Fields that Wireshark has no name for: groups, what is left over, and what it shows as text alone. */
export const OWN_NAMES: readonly string[] = `
  dhcp.option.code dhcp.vendor
  dns.additional dns.answers dns.authorities dns.message dns.queries dns.query dns.rdata dns.record
  erspan.subheader
  ftp.line
  gtp.content gtp.ext_hdr.content gtp.spare gtp.unused
  http.end_of_header http.request.first_line http.response.first_line
  icmpv6.opt.data
  ip.opt ip.options
  kerberos.message kerberos.message_element
  nflog.entry
  pflog.more
  ppp.pcap_direction
  quic.first quic.protected quic.remaining
  dtls.record.content
  prism.fields
  pwethcw.flags
  radiotap.fields
  sctp.chunk
  sll.content sll.reserved
  smb.data smb.parameters smb.words
  smb2.content smb2.header smb2.message smb2.negotiate_context smb2.parameters
  smtp.line smtp.request
  ssh.packet
  teredo.auth.indicator teredo.orig.indicator
  tls.handshake.content tls.handshake.encrypted tls.handshake.extension tls.record.encrypted
  tr.route
  wlan.padding
  wlancap.fields
  x509af.extension.value x509af.parameters x509af.version_element
  x509ce.value
  x509if.RelativeDistinguishedName_item
  x509sat.value
`
  .trim()
  .split(/\s+/);
