/** Names of numbers in TLS (https://www.iana.org/assignments/tls-parameters), those that are seen. */

export const VERSIONS = { 768: "SSL 3.0", 769: "TLS 1.0", 770: "TLS 1.1", 771: "TLS 1.2", 772: "TLS 1.3" };

export const MESSAGES = {
  0: "Hello request",
  1: "Client hello",
  2: "Server hello",
  4: "New session ticket",
  8: "Encrypted extensions",
  11: "Certificate",
  12: "Server key exchange",
  13: "Certificate request",
  14: "Server hello done",
  15: "Certificate verify",
  16: "Client key exchange",
  20: "Finished",
  22: "Certificate status",
};

export const EXTENSIONS = {
  0: "server name",
  1: "largest fragment",
  5: "status request",
  10: "supported groups",
  11: "point formats",
  13: "signature algorithms",
  16: "application protocols",
  18: "signed certificate timestamps",
  21: "padding",
  22: "encrypt then MAC",
  23: "extended master secret",
  27: "compressed certificates",
  28: "record size",
  35: "session ticket",
  41: "pre-shared key",
  42: "early data",
  43: "supported versions",
  44: "cookie",
  45: "modes of pre-shared keys",
  49: "authentication after the handshake",
  51: "key share",
  13172: "next protocol",
  65037: "encrypted client hello",
  65281: "renegotiation",
};
