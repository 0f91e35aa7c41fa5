/** Handshakes that OpenSSL makes over DTLS, as tshark and we read them. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { joined } from "../../formats/testing/samples.ts";
import { writePcap } from "../../formats/write-pcap.ts";
import { run } from "../../testing/captures.ts";
import { blockOf, ethernet, type Frame, ip, udp } from "../../testing/frames.ts";
import { areInstalled } from "../../testing/programs.ts";
import { recordsOf } from "../../testing/records.ts";

function madeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metron-dtls-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function started(...options: string[]): ChildProcess {
  const child = spawn("openssl", options, { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void child.kill());
  return child;
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

const portOf = (socket: Socket): number => (socket.address() as AddressInfo).port;

/** The datagrams of a handshake, which pass through here. */
async function handshake(folder: string, ...options: readonly string[]): Promise<Frame[]> {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-subj", "/CN=vault.example", "-days", "2", "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  const free = await bound();
  const port = portOf(free);
  await new Promise<void>((resolve) => free.close(() => resolve()));
  const server = started(
    ...["s_server", "-dtls1_2", "-listen", "-accept", `127.0.0.1:${port}`, "-key", key, "-cert", certificate],
  );
  const [front, back] = [await bound(), await bound()];
  for (const socket of [front, back]) onTestFinished(() => void socket.close());
  const frames: Frame[] = [];
  const note = (side: 0 | 1, bytes: Uint8Array) => {
    const hosts = ["10.0.0.1", "10.0.0.2"] as const;
    const ports = [40_000, 4433] as const;
    const payload = udp(ports[side], ports[side === 0 ? 1 : 0], bytes);
    const packet = ip({ from: hosts[side], to: hosts[side === 0 ? 1 : 0], protocol: 17, payload });
    frames.push({ bytes: ethernet(packet), micros: 1_700_000_000_000_000 + frames.length });
  };
  let caller: number | undefined;
  front.on("message", (bytes, { port: from }) => {
    caller = from;
    note(0, bytes);
    back.send(bytes, port, "127.0.0.1");
  });
  const established = Promise.withResolvers<void>();
  back.on("message", (bytes) => {
    note(1, bytes);
    if (caller !== undefined) front.send(bytes, caller, "127.0.0.1");
    // A record of the next epoch from the server ends the handshake.
    if (frames.length > 4 && bytes.includes(Buffer.of(0xfe, 0xfd, 0, 1))) established.resolve();
  });
  await once(server.stdout!, "data");
  started(
    ...["s_client", "-dtls1_2", "-connect", `127.0.0.1:${portOf(front)}`, "-servername", "vault.example"],
    ...options,
  );
  await established.promise;
  return frames;
}

const MANY_NAMES = ["-mtu", "256", "-alpn", Array.from("abcdef", (name) => name.repeat(60)).join()];

test.skipIf(!areInstalled("openssl", "tshark")).each([
  ["in whole messages", [], 1],
  // With many names of protocols the hello does not fit into one datagram.
  ["in fragments of 256 bytes", MANY_NAMES, 1],
  ["in fragments that each come twice", MANY_NAMES, 2],
])("hellos of DTLS are what tshark reads: %s", async (_, options, copies) => {
  const folder = madeFolder();
  const frames = await handshake(folder, ...options);
  const packets = blockOf(frames.flatMap((frame) => Array<Frame>(copies).fill(frame)));
  const file = join(folder, "dtls.pcap");
  writeFileSync(file, await joined(writePcap([packets]).bytes));
  const read = (field: string): string[] => [
    ...new Set(
      run("tshark", ["-2", "-n", "-r", file, "-d", "udp.port==4433,dtls", "-T", "fields", "-e", field])
        .split(/[\n,]/)
        .filter((value) => value !== ""),
    ),
  ];
  const ssl = recordsOf([packets]).filter(({ kind }) => kind === "ssl");
  expect(ssl).toHaveLength(1);
  expect(ssl[0]?.fields).toMatchObject({ version: "DTLSv12", server_name: "vault.example" });
  expect(read("dtls.handshake.extensions_server_name")).toEqual(["vault.example"]);
  // The second hello of the client, with the cookie, has the same fingerprint.
  expect(read("dtls.handshake.ja3")).toEqual([ssl[0]?.fields.ja3]);
  expect(read("dtls.handshake.ja3s")).toEqual([ssl[0]?.fields.ja3s]);
  expect(ssl[0]?.fields.ja4).toMatch(/^dd2d\d{4}(?:00|aa)_[0-9a-f]{12}_[0-9a-f]{12}$/);
  const services = recordsOf([packets])
    .filter(({ kind }) => kind === "conn")
    .map(({ fields }) => fields.service);
  expect(services).toEqual(["ssl"]);
});
