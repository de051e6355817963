// The HTTP/1.1 connector: one endpoint's pool behind the Connector contract.

import type { Connector } from "../../core/connector.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Receiver, RequestBody, Upstream } from "../../core/edges.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import { Exchange } from "./exchange.ts";
import type { Pool } from "./pool.ts";
import { type HeadDefaults, requestHead } from "./request-head.ts";

const NOBODY = (): void => undefined;

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

  send(ctx: RequestContext, body: RequestBody, receiver: Receiver): Upstream {
    const leave = ctx.upgrade ? this.#admit(ctx) : NOBODY;
    if (leave === null) {
      receiver.failed({ code: "overloaded", progress: "unsent", detail: "endpoint has enough WebSockets" });
      return NULL_UPSTREAM;
    }
    const head = requestHead(ctx, this.#defaults, body.length);
    const waits = ctx.expectsContinue && body.length !== 0;
    const exchange = new Exchange(this.#pool, ctx.method, head, body, waits, receiver);
    exchange.exclusive = ctx.ownConnection;
    // After a reset on reuse, other idle connections are as old: the second try goes on a fresh one.
    exchange.fresh = ctx.freshConnection || ctx.ownConnection;
    const route = ctx.route!;
    if (ctx.upgrade) exchange.upgrade = exchange.exclusive = exchange.fresh = true;
    exchange.onFailed = leave;
    const times = ctx.upgrade ? route.websocket!.times : route.times;
    if (times !== null) exchange.times = times;
    this.#pool.send(exchange);
    return exchange;
  }

  /** @returns gives the place back, which also happens at the end of the request; null when there is none */
  #admit(ctx: RequestContext): (() => void) | null {
    const { maxUpgrades } = this.#defaults;
    if (maxUpgrades === 0) return NOBODY;
    const upgrades = this.#upgrades;
    if (upgrades.open >= maxUpgrades) return null;
    upgrades.open++;
    let held = true;
    const leave = () => {
      if (held) upgrades.open--;
      held = false;
    };
    ctx.onDone(leave);
    return leave;
  }
}
