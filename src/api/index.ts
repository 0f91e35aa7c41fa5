import { captureUpdates, getCapture, listCaptures, stopCapture, uploadCapture } from "./captures.ts";
import {
  checkDocument,
  documentDiff,
  documentHistory,
  getDocument,
  listDocuments,
  publishDocument,
  publishDocuments,
  rollbackDocument,
  withdrawDocument,
} from "./config.ts";
import {
  downloadObject,
  downloadSide,
  getConversation,
  getHttp,
  getObject,
  getTiming,
  listConversations,
  listObjects,
} from "./conversations.ts";
import type { EndpointShape } from "./endpoint.ts";
import { getLiveness, getReadiness } from "./health.ts";
import { getUpload, ingestRecords } from "./ingest.ts";
import { findIndicators, listIndicators, listIntel, loadIntel, removeIndicator } from "./intel.ts";
import { liveUpdates } from "./live.ts";
import { getMessage, messageHistory, patchMessage } from "./messages.ts";
import { exportPackets, getPacket, listPackets } from "./packet-reading.ts";
import {
  getPacketQuery,
  getPacketState,
  listPacketAccess,
  listPacketFields,
  listPacketQueries,
  messagePackets,
  preservePackets,
  releasePackets,
  removePacketQuery,
  startPacketQuery,
  stopPacketQuery,
} from "./packets.ts";
import {
  pcapConfig,
  pcapFixed,
  pcapJobs,
  pcapKill,
  pcapPdml,
  pcapQuery,
  pcapRaw,
  pcapStatus,
} from "./pcap.ts";
import { getRebuild, startRebuild, stopRebuild } from "./rebuild.ts";
import { replayRejections } from "./replay.ts";
import { facetMessages, groupMessages, listFields, messageHistogram, searchMessages } from "./search.ts";
import { listSensors } from "./sensors.ts";
import { getStatus } from "./status.ts";
import { checkStellar, evaluateStellar, listFunctions } from "./stellar.ts";

/** Every REST call there is; the server implements exactly these. */
export const endpoints = {
  captureUpdates,
  checkDocument,
  checkStellar,
  documentDiff,
  documentHistory,
  downloadObject,
  downloadSide,
  evaluateStellar,
  exportPackets,
  facetMessages,
  findIndicators,
  getConversation,
  getCapture,
  getDocument,
  getHttp,
  getLiveness,
  getMessage,
  getObject,
  getPacket,
  getPacketQuery,
  getPacketState,
  getReadiness,
  getRebuild,
  getStatus,
  getTiming,
  groupMessages,
  ingestRecords,
  getUpload,
  listConversations,
  listCaptures,
  listDocuments,
  listFields,
  listFunctions,
  listIndicators,
  listIntel,
  listObjects,
  listPacketAccess,
  listPacketFields,
  listPacketQueries,
  listPackets,
  listSensors,
  liveUpdates,
  loadIntel,
  messageHistogram,
  messageHistory,
  messagePackets,
  patchMessage,
  pcapConfig,
  pcapFixed,
  pcapJobs,
  pcapKill,
  pcapPdml,
  pcapQuery,
  pcapRaw,
  pcapStatus,
  preservePackets,
  publishDocument,
  publishDocuments,
  releasePackets,
  removeIndicator,
  removePacketQuery,
  replayRejections,
  rollbackDocument,
  searchMessages,
  startPacketQuery,
  startRebuild,
  stopPacketQuery,
  stopCapture,
  stopRebuild,
  uploadCapture,
  withdrawDocument,
} as const satisfies Record<string, EndpointShape>;
