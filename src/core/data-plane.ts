// The contract between the half that decides which configuration is in effect and the half that serves requests by it.
// Whatever passes between them is plain data, so that data planes can run in other processes.
import type { IssuedCertificate, OrderState } from "./issued-certificate.ts";
import type { Ask } from "./questions.ts";
import type { ServiceList } from "./registry.ts";

/** A part of the gateway that must agree to a configuration: all parts prepare it, and then all commit it or all cancel it. */
export interface Participant<Config> {
  /**
   * Makes everything ready and changes nothing that is in effect.
   * @throws Error when the configuration cannot run here; then there is nothing to cancel
   */
  prepare(config: Config): Promise<void>;
  /** What was prepared is in effect from now on. Does not fail. */
  commit(): Promise<void>;
  /** What was prepared is given back. */
  cancel(): Promise<void>;
}

/** Serves requests by the configuration it was given last. The first one that is prepared opens its ports. */
export interface DataPlane<Config> extends Participant<Config> {
  /** Queries or changes its state. */
  readonly ask: Ask;
  /**
   * Reports the result of the last load, for its metrics. @param ok whether the configuration was accepted, or was the
   * same
   */
  noteLoad(ok: boolean): void;
  /** The endpoints of the services in effect are these from now on; a service that is not listed has none. */
  follow(services: ServiceList): void;
  /** Replaces all certificates issued by ACME. Takes effect with the next handshake. */
  certify(certificates: readonly IssuedCertificate[]): void;
  /** Reports the state of all certificate orders, for its metrics. */
  noteOrders(orders: readonly OrderState[]): void;
  /** Accepts no new requests, lets those in progress finish within the time limits, and closes everything. */
  drain(times: DrainTimes): Promise<void>;
}

/** Bounds of a drain, ms. */
export interface DrainTimes {
  /** Longest time the ports stay open so that clients can be told to reconnect elsewhere. */
  readonly delayMs: number;
  /** Maximum wait for requests in progress. */
  readonly timeoutMs: number;
}

/** What a data plane needs to know about its process, and shares with other data planes. Plain data. */
export interface ProcessFacts {
  readonly version: string;
  /** Random mark of the gateway, by which it recognises its own requests coming back; the same in all of its data planes. */
  readonly instanceId: string;
  /** Random name of this data plane among everything that counts in the same store of limits. */
  readonly memberId: string;
  /** Signs session cookies where the configuration names no secret; the same in all data planes of the gateway. */
  readonly sessionSecret: string;
  /** This data plane's part of `frontend.http.maxConnections`, in (0, 1]. */
  readonly share: number;
  /** Files the process may have open; 0 no limit, or none that is known. */
  readonly openFiles: number;
  /** Whether standard output is a terminal: decides the default log format. */
  readonly terminal: boolean;
}
