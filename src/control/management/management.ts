// The management API: opens its server for a configuration, and keeps the token it made for the life of the process.
import { randomBytes } from "node:crypto";
import { SmallServer } from "../../adapters/http/small-server.ts";
import { compileCidrs } from "../../wire/cidr.ts";
import { breakerOperations } from "./breakers.ts";
import { configurationOperations } from "./configuration.ts";
import { CredentialCheck } from "./credentials.ts";
import type { GatewayView } from "./gateway-view.ts";
import { answerCall } from "./handler.ts";
import { healthOperations } from "./health.ts";
import { infoOperations } from "./info.ts";
import { limitOperations } from "./limits.ts";
import { OperationTable } from "./operation.ts";
import { routeOperations } from "./routes.ts";
import { serviceOperations } from "./services.ts";
import type { ManagementSettings } from "./settings.ts";

const TOKEN_BYTES = 24;

/** Made once a process. */
export class Management {
  readonly #backstage: GatewayView;
  readonly #say: (line: string) => void;
  #madeToken: string | null = null;

  /** @param say shows a line to whoever started the process, apart from its logs */
  constructor(backstage: GatewayView, say: (line: string) => void) {
    this.#backstage = backstage;
    this.#say = say;
  }

  /** A server for these settings. */
  open(settings: ManagementSettings): SmallServer {
    const mayAsk = settings.allowedIPs.length === 0 ? () => true : compileCidrs(settings.allowedIPs);
    const operations = ALL.flatMap((of) => of(this.#backstage)).filter(({ group }) => settings.groups[group]);
    const parts = {
      basePath: settings.basePath,
      host: settings.host,
      mayAsk,
      gatekeeper: this.#gatekeeper(settings),
      table: new OperationTable(operations),
      log: this.#backstage.runtime.log,
    };
    const { tls, requireCertificate } = settings;
    const { meters, log } = this.#backstage.runtime;
    const watch = meters.handshakesOf("management", log);
    return new SmallServer({ tls, requireCertificate, watch, mayAsk }, (request, response) =>
      answerCall(parts, request, response),
    );
  }

  #gatekeeper({ credentials }: ManagementSettings): CredentialCheck | null {
    if (credentials === null) return null;
    if (credentials.token !== null || credentials.users.length > 0) return new CredentialCheck(credentials);
    return new CredentialCheck({ token: this.#token(), users: [] });
  }

  #token(): string {
    if (this.#madeToken === null) {
      this.#madeToken = randomBytes(TOKEN_BYTES).toString("base64url");
      this.#say(`Management API token, made for this process because none is configured: ${this.#madeToken}`);
    }
    return this.#madeToken;
  }
}

const ALL = [
  healthOperations,
  infoOperations,
  serviceOperations,
  routeOperations,
  breakerOperations,
  limitOperations,
  configurationOperations,
];
