import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/** Sends syslog as fast as it is taken, from a thread of its own. */
export type SenderOptions = {
  readonly port: number;
  readonly framing: "lines" | "octets" | "datagrams";
  readonly recordBytes: number;
  readonly records: number;
  readonly peers: number;
};

const RECORDS_A_WRITE = 500;

const { port, framing, recordBytes, records, peers } = workerData as SenderOptions;
const start =
  "<166>Jan  5 2026 08:52:35 10.22.8.216 : %ASA-6-302014: Teardown TCP connection 212805593 for outside ";
const record = start.padEnd(recordBytes, "x");

parentPort?.postMessage("ready");
if (parentPort !== null) await once(parentPort, "message");
await (framing === "datagrams" ? sendDatagrams() : Promise.all(Array.from({ length: peers }, sendStream)));
parentPort?.postMessage("done");

async function sendStream(): Promise<void> {
  const frame = framing === "lines" ? `${record}\n` : `${record.length} ${record}`;
  const bytes = Buffer.from(frame.repeat(RECORDS_A_WRITE));
  const socket = connect(port, "127.0.0.1");
  for (let sent = 0; sent < records / peers; sent += RECORDS_A_WRITE) {
    if (!socket.write(bytes)) await once(socket, "drain");
  }
  await new Promise<void>((resolve) => socket.end(resolve));
}

async function sendDatagrams(): Promise<void> {
  const socket = createSocket("udp4");
  const bytes = Buffer.from(record);
  for (let sent = 0; sent < records; sent += 50) {
    await Promise.all(
      Array.from(
        { length: 50 },
        () => new Promise((resolve) => socket.send(bytes, port, "127.0.0.1", resolve)),
      ),
    );
  }
  socket.close();
}
