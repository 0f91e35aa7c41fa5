import type { Flow } from "../flow.ts";
import { said } from "./content.ts";
import { type Pacing, segmentsOf, type Turn } from "./talk.ts";

export type FtpUpload = {
  readonly server: string;
  readonly user: string;
  readonly password: string;
  readonly name: string;
  readonly bytes: number;
  /** The port on which the server waits for the file. */
  readonly dataPort: number;
};

/** How long the server waits for the whole file, in milliseconds. */
const TAKES = 600;
const STORE = "STOR ";

/** What is said beside a file that is sent in passive mode (RFC 959; EPSV: RFC 2428). The file goes over a connection of its own. */
export function ftpTurns({ server, user, password, name, bytes, dataPort }: FtpUpload): Turn[] {
  const dialogue: [Turn["side"], string, wait?: number][] = [
    [1, `220 ${server} FTP server ready`],
    [0, `USER ${user}`],
    [1, "331 Password required"],
    [0, `PASS ${password}`],
    [1, "230 Logged in"],
    [0, "TYPE I"],
    [1, "200 Type set to I"],
    [0, "EPSV"],
    [1, `229 Entering extended passive mode (|||${dataPort}|)`],
    [0, `${STORE}${name}`],
    [1, `150 Opening BINARY mode data connection for ${name}`, 40],
    [1, `226 Transfer complete, ${bytes} bytes`, TAKES],
    [0, "QUIT"],
    [1, "221 Goodbye"],
  ];
  return dialogue.map(([side, line, wait = 3]) => ({ side, content: said(`${line}\r\n`), wait }));
}

/** When the client connects for the file: just behind its command to store it. Epoch milliseconds. */
export function dataTime(flow: Flow, turns: readonly Turn[], pacing: Pacing): number {
  const store = turns.findIndex(({ content }) => new TextDecoder().decode(content.make()).startsWith(STORE));
  const segment = segmentsOf({ flow, turns, ...pacing }).find(({ turn }) => turn === store);
  return Math.ceil((segment?.micros ?? flow.time * 1000) / 1000) + 1;
}
