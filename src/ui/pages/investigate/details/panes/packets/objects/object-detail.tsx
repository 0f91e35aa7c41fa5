import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { addressOf } from "../../../../../../../api/client.ts";
import { downloadObject, type FoundObject, getObject } from "../../../../../../../api/conversations.ts";
import type { PacketQueryState } from "../../../../../../../api/packets.ts";
import { call, problemOf } from "../../../../../../call.ts";
import { visible } from "../../../../../../parts/cells.ts";
import { copy } from "../../../../../../parts/clipboard.ts";
import { timeText, useZone } from "../../../../../../parts/clock.ts";
import { countText } from "../../../../../../parts/numbers.ts";
import { useFields } from "../../../../use-fields.ts";
import type { Change } from "../../../../use-page-state.ts";
import { isExpired, PacketsFailed } from "../no-packets.tsx";
import type { ChangePackets } from "../packets-state.ts";
import { BytesBlock } from "../stream/bytes-block.tsx";
import { SPEAKERS } from "../stream/marks.ts";
import { bytesOf } from "../stream/rows.ts";
import { saveAnswer } from "./save-answer.ts";

const HASHES = ["md5", "sha1", "sha256"] as const;

type Props = {
  readonly query: PacketQueryState;
  readonly object: FoundObject;
  readonly change: ChangePackets;
  readonly leave: Change;
};

/** A file: where it comes from, who else got it, its beginning, and the way to take it along. */
export function ObjectDetail({ query, object, change, leave }: Props) {
  const { data: fields } = useFields();
  const { name, origin, side, time, stream, packet, size, missing, known, notes } = object;
  useZone();
  const facts: [label: string, text: string][] = [
    ["From", `${SPEAKERS[side]}, ${timeText(time)}`],
    ["In", visible(origin)],
    ["Bytes", `${countText(size)} there${missing > 0 ? `, ${countText(missing)} missing` : ""}`],
  ];
  return (
    <section className="object" aria-label={`File ${visible(name)}`}>
      <dl className="entries">
        {facts.map(([label, text]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        {HASHES.map((hash) => (
          <div key={hash}>
            <dt>{hash.toUpperCase().replace("SHA", "SHA-")}</dt>
            <dd>
              <button type="button" className="value" title="Copy" onClick={() => copy(object[hash])}>
                {object[hash]}
              </button>
            </dd>
          </div>
        ))}
        {known.map(({ type, indicator }) => (
          <div key={`${type} ${indicator}`}>
            <dt>Threat intelligence</dt>
            <dd className="object-known">
              {visible(type)} {visible(indicator)}
            </dd>
          </div>
        ))}
      </dl>
      {notes.map((note) => (
        <p key={note} className="packet-note">
          {visible(note)}
        </p>
      ))}
      <div className="object-actions">
        <Button
          onClick={() =>
            leave({
              q: sameFile(
                object,
                fields?.map(({ name }) => name),
              ),
              view: "messages",
              t: "all",
              guid: undefined,
              packets: undefined,
            })
          }
        >
          Who else got this file
        </Button>
        <Button onClick={() => change({ tab: "stream", conversation: stream, bytes: undefined })}>
          Show its conversation
        </Button>
        <Button onClick={() => change({ tab: "packets", packet, bytes: undefined, field: undefined })}>
          Show its first packet
        </Button>
      </div>
      <Download query={query} object={object} />
      <Beginning query={query} object={object} />
    </section>
  );
}

/** A search for messages of every sensor that name one of the file's hashes. */
function sameFile(object: FoundObject, fields: readonly string[] | undefined): string {
  const asked = HASHES.flatMap((hash) => [
    { field: hash, text: `${hash}:${object[hash]}` },
    { field: `fileinfo.${hash}`, text: `fileinfo.${hash}:${object[hash]}` },
  ]);
  // What no message has would only be told to be unknown. While fields are not known, all are asked for.
  const known = fields === undefined ? asked : asked.filter(({ field }) => fields.includes(field));
  return (known.length === 0 ? asked.slice(-2) : known).map(({ text }) => text).join(" OR ");
}

/** Takes the file along in an encrypted zip, so that nothing on the way opens it. */
function Download({ query, object }: Pick<Props, "query" | "object">) {
  const [password, setPassword] = useState("infected");
  const params = { id: query.id, number: object.number };
  const download = useMutation({
    mutationFn: () => saveAnswer(addressOf(downloadObject, params), { password }, `${object.sha256}.zip`),
  });
  return (
    <form
      className="object-actions"
      onSubmit={(event) => {
        event.preventDefault();
        download.mutate();
      }}
    >
      <TextInput
        label="Password of the zip"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <Button type="submit" disabled={password === ""} loading={download.isPending}>
        Download as encrypted zip
      </Button>
      {isExpired(download.error) && (
        <PacketsFailed error={download.error} onRetry={() => download.mutate()} />
      )}
      {download.error !== null && !isExpired(download.error) && (
        <p role="alert" className="packets-mistake">
          {problemOf(download.error).detail}
        </p>
      )}
    </form>
  );
}

function Beginning({ query, object }: Pick<Props, "query" | "object">) {
  const { data, error, refetch } = useQuery({
    queryKey: ["packet-object", query.id, object.number],
    queryFn: ({ signal }) => call(getObject, { params: { id: query.id, number: object.number }, signal }),
  });
  if (error !== null) return <PacketsFailed error={error} onRetry={() => refetch()} />;
  if (data === undefined) return <p className="dim">Reading its beginning…</p>;
  return (
    <>
      <h3>{data.isCut ? "Its beginning" : "All of it"}</h3>
      <BytesBlock bytes={bytesOf(data.bytes)} label="Beginning of the file" />
    </>
  );
}
