// The management API: its port follows the configuration, and the token it made is kept for the life of the process.
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { tcpAddress } from "../../adapters/listener.ts";
import { type ListenerAddress, Listeners, type PreparedListeners } from "../../adapters/listeners.ts";
import { FailedCredentials, type FailureSettings } from "../../auth/failures.ts";
import type { Config } from "../../config/config.ts";
import type { Participant } from "../../core/data-plane.ts";
import type { HandshakeWatch } from "../../core/handshake.ts";
import type { IssuedCertificate } from "../../core/issued-certificate.ts";
import type { Log } from "../../core/log.ts";
import type { Ask } from "../../core/questions.ts";
import { digest } from "../../snapshot/digest.ts";
import { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { demandsOf } from "../../tls/server-tls.ts";
import { CredentialCheck, type Gatekeeper } from "./credentials.ts";
import type { GatewayView } from "./gateway-view.ts";
import { type ManagementSettings, managementSettings } from "./settings.ts";

const TOKEN_BYTES = 24;

/** Made once a process. */
export class Management implements Participant<Config> {
  readonly #view: Omit<GatewayView, "ask">;
  readonly #planes: readonly { readonly ask: Ask }[];
  readonly #log: Log;
  readonly #handshakes: () => HandshakeWatch;
  readonly #say: (line: string) => void;
  readonly #listeners = new Listeners();
  readonly #issued = new IssuedCertificates();
  #prepared: PreparedListeners | null = null;
  #madeToken: string | null = null;
  /** Outlives reloads that do not change how it counts. */
  #failures: { readonly settings: FailureSettings; readonly counted: FailedCredentials } | null = null;

  /**
   * @param planes asked as if they were one
   * @param handshakes told of the TLS handshakes of operators
   * @param say shows a line on the terminal or standard error, apart from the logs
   */
  constructor(
    view: Omit<GatewayView, "ask">,
    planes: readonly { readonly ask: Ask }[],
    log: Log,
    handshakes: () => HandshakeWatch,
    say: (line: string) => void,
  ) {
    this.#view = view;
    this.#planes = planes;
    this.#log = log;
    this.#handshakes = handshakes;
    this.#say = say;
  }

  /** What is bound: one port or none. */
  get addresses(): readonly ListenerAddress[] {
    return this.#listeners.addresses;
  }

  /** Replaces all certificates issued by ACME. */
  certify(certificates: readonly IssuedCertificate[]): void {
    this.#issued.replace(certificates);
  }

  async prepare(config: Config): Promise<void> {
    const settings = managementSettings(config);
    if (settings === null) {
      this.#prepared = await this.#listeners.prepare([]);
      return;
    }
    const { managementServer } = await import("./management-server.ts");
    const { host, port, tls } = settings;
    const key = digest({ ...settings, tls: tls === null ? null : demandsOf(tls) });
    const make = () =>
      managementServer(settings, {
        view: this.#view,
        planes: this.#planes,
        gatekeeper: this.#gatekeeper(settings),
        issued: this.#issued,
        watch: this.#handshakes(),
        log: this.#log,
      });
    this.#prepared = await this.#listeners.prepare([{ name: "management", ...tcpAddress(host, port), key, tls, make }]);
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

  #gatekeeper({ credentials, failures }: ManagementSettings): Gatekeeper | null {
    if (credentials === null) return null;
    const isGiven = credentials.token !== null || credentials.users.length > 0;
    const check = new CredentialCheck(isGiven ? credentials : { token: this.#token(), users: [] });
    return { check, failures: this.#failuresFor(failures) };
  }

  #failuresFor(settings: FailureSettings): FailedCredentials {
    if (this.#failures === null || !isDeepStrictEqual(this.#failures.settings, settings))
      this.#failures = { settings, counted: new FailedCredentials(settings, () => performance.now()) };
    return this.#failures.counted;
  }

  #token(): string {
    if (this.#madeToken === null) {
      this.#madeToken = randomBytes(TOKEN_BYTES).toString("base64url");
      this.#say(`Management API token, generated for this process because none is configured: ${this.#madeToken}`);
    }
    return this.#madeToken;
  }
}
