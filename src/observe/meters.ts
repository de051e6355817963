// The counters of routes and endpoints: plain numbers on the hot path, kept across reloads by lease.

import type { RequestContext, RouteMeter } from "../core/context.ts";
import type { EndpointMeter } from "../core/endpoint.ts";
import type { Log } from "../core/log.ts";
import type { ProxyHeaderFault } from "../core/proxy-header.ts";
import { AuthMeter } from "./auth-meter.ts";
import { AuthzMeter } from "./authz-meter.ts";
import { ConnectionFaults } from "./connection-faults.ts";
import { Handshakes } from "./handshakes.ts";
import { Histogram } from "./histogram.ts";
import type { LimitMeterCells } from "./limit-meters.ts";
import { ModelMeter } from "./model-meter.ts";
import { StreamMeterCells } from "./stream-meters.ts";

/** Methods that may be a label; any other is `OTHER`, so that clients cannot make series. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "OTHER"] as const;
const OTHER = METHODS.length - 1;
const INDEX = new Map<string, number>(METHODS.map((m, i) => [m, i]));
/** Bytes: 100 · 10ⁿ, seven of them. */
const SIZE_BOUNDS = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** Requests of one method and status. */
interface RequestCell {
  readonly method: string;
  readonly status: number;
  readonly seconds: Histogram;
}

/** Sizes and requests in progress of one method. */
export interface MethodCell {
  readonly method: string;
  readonly requestBytes: Histogram;
  readonly responseBytes: Histogram;
  active: number;
}

/** What tells the series of routes apart: several rules may have one pattern, on different hosts. */
export interface RouteLabels {
  /** Id of the rule. */
  readonly route: string;
  /** Its pattern. */
  readonly path: string;
}

/** Counts the requests of one rule. */
export class RouteMeterCells implements RouteMeter {
  readonly labels: RouteLabels;
  readonly #bounds: readonly number[];
  readonly cells = new Map<number, RequestCell>();
  readonly methods: (MethodCell | undefined)[] = new Array(METHODS.length);
  /** Reason → requests sent again. */
  readonly retries = new Map<string, number>();

  /** @param bounds seconds */
  constructor(labels: RouteLabels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = bounds;
  }

  begin(ctx: RequestContext): void {
    this.#method(ctx.method).active++;
  }

  done(ctx: RequestContext, seconds: number): void {
    const method = this.#method(ctx.method);
    if (ctx.route !== null) method.active--;
    method.requestBytes.observe(ctx.bytesIn);
    method.responseBytes.observe(ctx.bytesOut);
    const key = (INDEX.get(ctx.method) ?? OTHER) * 1000 + ctx.status;
    let cell = this.cells.get(key);
    if (cell === undefined) {
      cell = { method: method.method, status: ctx.status, seconds: new Histogram(this.#bounds) };
      this.cells.set(key, cell);
    }
    cell.seconds.observe(seconds);
  }

  retried(reason: string): void {
    this.retries.set(reason, (this.retries.get(reason) ?? 0) + 1);
  }

  #method(name: string): MethodCell {
    const index = INDEX.get(name) ?? OTHER;
    let cell = this.methods[index];
    if (cell === undefined) {
      const sizes = () => new Histogram(SIZE_BOUNDS);
      cell = { method: METHODS[index]!, requestBytes: sizes(), responseBytes: sizes(), active: 0 };
      this.methods[index] = cell;
    }
    return cell;
  }
}

/** Counts the attempts on one endpoint. */
export class EndpointMeterCells implements EndpointMeter {
  readonly service: string;
  readonly instance: string;
  readonly #bounds: readonly number[];
  readonly cells = new Map<number, RequestCell>();
  readonly errors = new Map<string, number>();

  constructor(service: string, instance: string, bounds: readonly number[]) {
    this.service = service;
    this.instance = instance;
    this.#bounds = bounds;
  }

  answered(method: string, status: number, seconds: number): void {
    const index = INDEX.get(method) ?? OTHER;
    const key = index * 1000 + status;
    let cell = this.cells.get(key);
    if (cell === undefined) {
      cell = { method: METHODS[index]!, status, seconds: new Histogram(this.#bounds) };
      this.cells.set(key, cell);
    }
    cell.seconds.observe(seconds);
  }

  failed(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }
}

/** Every meter that exists now. */
export class Meters {
  readonly routes = new Set<RouteMeterCells>();
  readonly endpoints = new Set<EndpointMeterCells>();
  readonly limits = new Set<LimitMeterCells>();
  readonly streams = new StreamMeterCells();
  readonly auth = new AuthMeter();
  readonly authz = new AuthzMeter();
  readonly models = new ModelMeter();
  /** By listener. */
  readonly handshakes = new Map<string, Handshakes>();
  /** By listener. */
  readonly proxyHeaders = new Map<string, ConnectionFaults<ProxyHeaderFault>>();

  /** Handshakes of a listener, counted for the life of the process. */
  handshakesOf(listener: string, log: Log): Handshakes {
    let known = this.handshakes.get(listener);
    if (known === undefined) {
      known = new Handshakes(listener, log, () => performance.now());
      this.handshakes.set(listener, known);
    }
    return known;
  }

  /** PROXY headers of a listener that failed, counted for the life of the process. */
  proxyHeadersOf(listener: string, log: Log): ConnectionFaults<ProxyHeaderFault> {
    let known = this.proxyHeaders.get(listener);
    if (known === undefined) {
      known = new ConnectionFaults("PROXY header refused", listener, log, () => performance.now());
      this.proxyHeaders.set(listener, known);
    }
    return known;
  }
}
