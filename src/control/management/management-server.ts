// The server of the management API, with all its operations. Loaded with the first configuration that opens its port.
import { SmallServer } from "../../adapters/http/small-server.ts";
import { systemClock } from "../../core/clock.ts";
import type { HandshakeWatch } from "../../core/handshake.ts";
import type { Log } from "../../core/log.ts";
import type { Ask } from "../../core/questions.ts";
import type { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { compileCidrs } from "../../wire/cidr.ts";
import { askAll } from "../merge/merge.ts";
import { breakerOperations } from "./breakers.ts";
import { certificateOperations } from "./certificates.ts";
import { configurationOperations } from "./configuration.ts";
import type { Gatekeeper } from "./credentials.ts";
import { OpenFeeds } from "./event-feed.ts";
import type { GatewayView } from "./gateway-view.ts";
import { answerCall } from "./handler.ts";
import { healthOperations } from "./health.ts";
import { infoOperations } from "./info.ts";
import { limitOperations } from "./limits.ts";
import { modelOperations } from "./models.ts";
import { OperationTable } from "./operation.ts";
import { routeOperations } from "./routes.ts";
import { serviceOperations } from "./services.ts";
import type { ManagementSettings } from "./settings.ts";

/** What the server answers from, besides its settings. */
interface ServerParts {
  readonly view: Omit<GatewayView, "ask">;
  /** At least one; they are asked as if they were one. */
  readonly planes: readonly { readonly ask: Ask }[];
  /** null when no credential is required. */
  readonly gatekeeper: Gatekeeper | null;
  /** Certificates issued by ACME. */
  readonly issued: IssuedCertificates;
  /** Receives the results of TLS handshakes of operators. */
  readonly watch: HandshakeWatch;
  readonly log: Log;
}

const ALL = [
  healthOperations,
  infoOperations,
  certificateOperations,
  serviceOperations,
  routeOperations,
  breakerOperations,
  limitOperations,
  modelOperations,
  configurationOperations,
];

/** A server that is not bound yet. */
export function managementServer(settings: ManagementSettings, parts: ServerParts): SmallServer {
  const { gatekeeper, issued, watch, log } = parts;
  const { basePath, host, tls } = settings;
  const view: GatewayView = { ...parts.view, ask: askAll(parts.planes) };
  const mayAsk = settings.allowedIPs.length === 0 ? () => true : compileCidrs(settings.allowedIPs);
  const table = new OperationTable(ALL.flatMap((of) => of(view)).filter(({ group }) => settings.groups[group]));
  const feeds = new OpenFeeds(systemClock);
  const handler = { basePath, host, mayAsk, gatekeeper, table, feeds, log };
  return new SmallServer({ tls, issued, watch, mayAsk, closing: () => feeds.end() }, (request, response) =>
    answerCall(handler, request, response),
  );
}
