import { expect, test } from "vitest";
import { asnFromCsv } from "./build.ts";
import { AsnDatabase } from "./database.ts";

const IPV4 = `1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."
1.0.4.0,1.0.5.255,38803,Gtelecom
1.0.6.0,1.0.7.255,38803,Gtelecom\r
1.0.8.0,1.0.10.255,7,"Say ""hi"""

255.255.255.0,255.255.255.255,8,Last
`;
const IPV6 = "2001:4:112::,2001:4:112:ffff:ffff:ffff:ffff:ffff,112,DNS-OARC\n";

const database = new AsnDatabase(asnFromCsv(Buffer.from(IPV4), Buffer.from(IPV6)));

test.each([
  ["1.0.0.0", 13335, "Cloudflare, Inc.", "1.0.0.0/24"],
  ["1.0.5.0", 38803, "Gtelecom", "1.0.4.0/22"],
  ["1.0.7.255", 38803, "Gtelecom", "1.0.4.0/22"],
  ["1.0.9.1", 7, 'Say "hi"', "1.0.8.0-1.0.10.255"],
  ["255.255.255.255", 8, "Last", "255.255.255.0/24"],
  ["2001:4:112::1", 112, "DNS-OARC", "2001:4:112::/48"],
  ["::ffff:1.0.0.1", 13335, "Cloudflare, Inc.", "1.0.0.0/24"],
])("%s is announced by AS%d", (address, number, organization, network) => {
  expect(database.lookup(address)).toEqual({
    autonomous_system_number: number,
    autonomous_system_organization: organization,
    network,
  });
});

test.each(["0.0.0.1", "1.0.1.0", "1.0.11.0", "2001:4:113::", "2001:4:111:ffff::", "no address"])(
  "nobody announces %s",
  (address) => {
    expect(database.lookup(address)).toBeUndefined();
  },
);

test("names the line that is none", () => {
  expect(() => asnFromCsv(Buffer.from("1.0.0.0,1.0.0.255,1,a\nx,y\n"), Buffer.from(""))).toThrow(
    "line 2 is not",
  );
});
