// The HTTP/1.1 connector: implements Connector with the pool of one endpoint.
import type { Connector } from "../../core/connector.ts";
import type { Receiver, Upstream } from "../../core/edges.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { Exchange } from "./exchange.ts";
import type { Pool } from "./pool.ts";
import { type HeadDefaults, headText } from "./request-head.ts";

/** WebSockets open to one endpoint; kept across reloads, as they are. */
export interface Upgrades {
  open: number;
}

/** Sends requests of the pipeline to one endpoint. */
export class HttpConnector implements Connector {
  readonly mayRefuse = false;
  readonly #pool: Pool;
  readonly #defaults: HeadDefaults;
  readonly #upgrades: Upgrades;

  constructor(pool: Pool, defaults: HeadDefaults, upgrades: Upgrades) {
    this.#pool = pool;
    this.#defaults = defaults;
    this.#upgrades = upgrades;
  }

  send(request: UpstreamRequest, receiver: Receiver): Upstream {
    const { head, body } = request;
    const isUpgrade = head.kind === "websocket";
    const { maxUpgrades } = this.#defaults;
    if (isUpgrade && maxUpgrades > 0 && this.#upgrades.open >= maxUpgrades) {
      receiver.failed({ code: "overloaded", progress: "unsent", detail: "endpoint has enough WebSockets" });
      return NULL_UPSTREAM;
    }
    const waits = head.expectsContinue && body.length !== 0;
    const exchange = new Exchange(this.#pool, head.method, headText(request, this.#defaults), body, waits, receiver);
    exchange.exclusive = head.exclusive || isUpgrade;
    // After a reset on reuse, other idle connections are as old: the second try goes on a fresh one.
    exchange.fresh = request.fresh || exchange.exclusive;
    if (head.times !== null) exchange.times = head.times;
    if (head.dialTimeoutMs > 0) exchange.times = { ...exchange.times, dialTimeoutMs: head.dialTimeoutMs };
    if (isUpgrade) {
      exchange.upgrade = true;
      this.#upgrades.open++;
      exchange.onOver = () => this.#upgrades.open--;
    }
    this.#pool.send(exchange);
    return exchange;
  }
}
