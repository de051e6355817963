// The management API: its port follows the configuration, and the token it made is kept for the life of the process.
import { randomBytes } from "node:crypto";
import { SmallServer } from "../../adapters/http/small-server.ts";
import { type ListenerAddress, Listeners, type PreparedListeners } from "../../adapters/listeners.ts";
import type { Config } from "../../config/config.ts";
import { systemClock } from "../../core/clock.ts";
import type { Participant } from "../../core/data-plane.ts";
import type { HandshakeWatch } from "../../core/handshake.ts";
import type { Log } from "../../core/log.ts";
import { digest } from "../../snapshot/digest.ts";
import { compileCidrs } from "../../wire/cidr.ts";
import { breakerOperations } from "./breakers.ts";
import { configurationOperations } from "./configuration.ts";
import { CredentialCheck } from "./credentials.ts";
import { OpenFeeds } from "./event-feed.ts";
import type { GatewayView } from "./gateway-view.ts";
import { answerCall } from "./handler.ts";
import { healthOperations } from "./health.ts";
import { infoOperations } from "./info.ts";
import { limitOperations } from "./limits.ts";
import { OperationTable } from "./operation.ts";
import { routeOperations } from "./routes.ts";
import { serviceOperations } from "./services.ts";
import { type ManagementSettings, managementSettings } from "./settings.ts";

const TOKEN_BYTES = 24;

/** Made once a process. */
export class Management implements Participant<Config> {
  readonly #view: GatewayView;
  readonly #log: Log;
  readonly #handshakes: () => HandshakeWatch;
  readonly #say: (line: string) => void;
  readonly #listeners = new Listeners();
  #prepared: PreparedListeners | null = null;
  #madeToken: string | null = null;

  /**
   * @param handshakes told of the TLS handshakes of operators
   * @param say shows a line on the terminal or standard error, apart from the logs
   */
  constructor(view: GatewayView, log: Log, handshakes: () => HandshakeWatch, say: (line: string) => void) {
    this.#view = view;
    this.#log = log;
    this.#handshakes = handshakes;
    this.#say = say;
  }

  /** What is bound: one port or none. */
  get addresses(): readonly ListenerAddress[] {
    return this.#listeners.addresses;
  }

  async prepare(config: Config): Promise<void> {
    const settings = managementSettings(config);
    if (settings === null) {
      this.#prepared = await this.#listeners.prepare([]);
      return;
    }
    const { host, port } = settings;
    const make = () => this.#server(settings);
    this.#prepared = await this.#listeners.prepare([{ name: "management", host, port, key: digest(settings), make }]);
  }

  async commit(): Promise<void> {
    this.#prepared!.commit();
  }

  async cancel(): Promise<void> {
    this.#prepared!.cancel();
  }

  /** Closes the port and every connection. */
  async close(): Promise<void> {
    await this.#listeners.stopAccepting();
    this.#listeners.destroy();
  }

  #server(settings: ManagementSettings): SmallServer {
    const mayAsk = settings.allowedIPs.length === 0 ? () => true : compileCidrs(settings.allowedIPs);
    const operations = ALL.flatMap((of) => of(this.#view)).filter(({ group }) => settings.groups[group]);
    const feeds = new OpenFeeds(systemClock);
    const parts = {
      basePath: settings.basePath,
      host: settings.host,
      mayAsk,
      gatekeeper: this.#gatekeeper(settings),
      table: new OperationTable(operations),
      feeds,
      log: this.#log,
    };
    const { tls, requireCertificate } = settings;
    const watch = this.#handshakes();
    return new SmallServer(
      { tls, requireCertificate, watch, mayAsk, closing: () => feeds.end() },
      (request, response) => answerCall(parts, request, response),
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
