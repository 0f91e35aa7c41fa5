import { Command, Option } from "commander";
import { getPacketQuery } from "../api/packets.ts";
import { connect } from "./client.ts";
import { brokerList, readKafkaConnection } from "./kafka-connection.ts";
import { examples, type Reach, withReach } from "./options.ts";
import { fetchExport } from "./pcap-export.ts";
import { EXIT_CODES, hasEnded, tellPartial, tellProblems } from "./pcap-telling.ts";
import { counted } from "./print.ts";

export function sendCommand(): Command {
  const command = new Command("send")
    .description("send what a query found to a topic of Kafka, as the probes of Apache Metron send packets")
    .argument("<query>", "the id of the query")
    .option("--topic <name>", "the topic; it must exist", "pcap")
    .option("--brokers <addresses>", "addresses of some brokers, HOST:PORT, with commas between", brokerList)
    .option(
      "--connection <file>",
      "YAML file with `tls` and `sasl`, and `brokers` if they are not named above, as in the source `kafka` of a sensor document",
    )
    .addOption(
      new Option("--scheme <scheme>", "the frame alone with its time as the key, or a capture of one packet")
        .choices(["FROM_KEY", "FROM_PACKET"])
        .default("FROM_KEY"),
    )
    .addOption(
      new Option("--granularity <unit>", "the unit of the key")
        .choices(["MICROSECONDS", "MILLISECONDS", "NANOSECONDS"])
        .default("MICROSECONDS"),
    )
    .addHelpText(
      "after",
      EXIT_CODES +
        examples(
          "metron pcap send 5f0c2a6e --brokers kafka1:9092,kafka2:9092",
          "metron pcap send 5f0c2a6e --connection /etc/metron/kafka.yaml --topic packets",
        ),
    );
  return withReach(command).action(send);
}

type SendOptions = Reach & {
  topic: string;
  brokers?: string[];
  connection?: string;
  scheme: "FROM_KEY" | "FROM_PACKET";
  granularity: "MILLISECONDS" | "MICROSECONDS" | "NANOSECONDS";
};

/** Sends what a query found to a topic of Kafka, where Apache Metron's topology and inspector take it as of a probe. */
async function send(id: string, options: SendOptions): Promise<void> {
  const { topic, brokers, connection, scheme, granularity, ...reach } = options;
  const kafka = readKafkaConnection(connection, brokers);
  const client = await connect(reach);
  const query = await client.call(getPacketQuery, { params: { id } });
  if (!hasEnded(query)) tellPartial(query);
  tellProblems(query);
  const capture = await fetchExport(client, id, { format: "pcapng" });
  const form = scheme === "FROM_KEY" ? ({ scheme, granularity } as const) : ({ scheme } as const);
  // Loads a client of Kafka, which no other command of packets needs.
  const { sendPackets } = await import("./pcap-topic.ts");
  const { consoleLog } = await import("./log.ts");
  const log = await consoleLog(false);
  const { sent, leftOut } = await sendPackets(capture, { topic, kafka, form, log });
  if (leftOut > 0)
    process.stderr.write(
      `${counted(leftOut, "packet")} of other links than Ethernet left out, which --scheme FROM_PACKET takes\n`,
    );
  process.stderr.write(`${counted(sent, "packet")} sent to topic ${topic}\n`);
}
