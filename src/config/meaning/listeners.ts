// The listeners for clients: `frontend.http`, `.websocket` and `.grpc`, and those in `frontend.listeners`.
import type { IpLists } from "../../auth/ip-list.ts";
import type { ServerTls } from "../../tls/server-tls.ts";
import { MAX_SOCKET_PATH } from "../../wire/unix-socket.ts";
import type { ListenerTls } from "../schema/listener-tls.ts";
import type { ListenerSection } from "../schema/listeners.ts";
import type { ProxyProtocol } from "../schema/proxy-protocol.ts";
import type { Redirect } from "../schema/redirect.ts";
import type { Written } from "../schema/root.ts";
import { Claims } from "../text/claims.ts";
import { type Draft, dotted, type Place, placeOfKey } from "./draft.ts";

/** Shortest `maxAge` with which the preload lists of browsers accept a name, ms: a year. */
const PRELOAD_MS = 365 * 86_400_000;
/** Names of the listeners that have a section of their own, and of the other ports. */
const TAKEN = ["http", "websocket", "grpc", "metrics", "management"];
const NO_SOCKET = { socket: "", socketMode: 0, redirect: null };

/** A listener that is enabled. Times in ms, 0 = none. */
export interface ListenerDraft extends IpLists {
  readonly name: string;
  /** Dotted path of its section below `gateway`. */
  readonly key: string;
  /** Host and port to bind; "" and 0 for a UNIX socket. */
  readonly host: string;
  readonly port: number;
  /** Path of a UNIX socket; "" for host and port. */
  readonly socket: string;
  /** Permissions of the UNIX socket. */
  readonly socketMode: number;
  /** Whether it serves HTTP/1.1 requests other than WebSocket handshakes. */
  readonly http1: boolean;
  readonly http2: boolean;
  /** Whether it serves WebSocket handshakes. */
  readonly websocket: boolean;
  readonly readMs: number;
  readonly writeMs: number;
  readonly idleMs: number;
  readonly proxyProtocol: ProxyProtocol;
  /** HTTPS port and status of the redirect that answers every request; null: requests are served. */
  readonly redirect: { readonly port: number; readonly status: number } | null;
  readonly tls: ListenerTls;
}

/** A listener with its TLS files read. */
export interface ListenerConfig extends Omit<ListenerDraft, "tls"> {
  /** null: no TLS. */
  readonly tls: ServerTls | null;
  /** Value of `Strict-Transport-Security`; "": the field is not sent. */
  readonly hsts: string;
}

/** Adds TLS and HSTS to a listener. @param read TLS by the dotted path of its block */
export function completeListener(listener: ListenerDraft, read: ReadonlyMap<string, ServerTls>): ListenerConfig {
  const tls = read.get(`${listener.key}.tls`) ?? null;
  return { ...listener, tls, hsts: tls === null ? "" : hstsOf(listener.tls) };
}

function hstsOf({ hsts }: ListenerTls): string {
  if (hsts.maxAge === null) return "";
  const more = [hsts.includeSubdomains && "includeSubDomains", hsts.preload && "preload"].filter(
    (word) => word !== false,
  );
  return [`max-age=${Math.round(hsts.maxAge / 1000)}`, ...more].join("; ");
}

type Sections = Pick<Written, "frontend">;

/** The listeners, in the order of the documentation. @param isGiven whether a key was written, by dotted path */
export function listenersOf({ frontend }: Sections, isGiven: (key: string) => boolean): readonly ListenerDraft[] {
  const { http, websocket, grpc, listeners } = frontend;
  const inherited = {
    ...NO_SOCKET,
    host: http.host,
    readMs: http.readTimeout,
    writeMs: http.writeTimeout,
    idleMs: http.idleTimeout,
  };
  const list: ListenerDraft[] = [];
  // With `listeners`, the default port of `frontend.http` is not opened unless it is written.
  if (http.enabled ?? (listeners.length === 0 || isGiven("frontend.http.port"))) {
    const { port, enableHTTP2: http2, proxyProtocol, tls } = http;
    const protocols = { http1: true, http2, websocket: true };
    list.push({
      ...inherited,
      ...protocols,
      name: "http",
      key: "frontend.http",
      ...ipListsOf(http),
      port,
      proxyProtocol,
      redirect: redirectOf(http),
      tls,
    });
  }
  if (websocket.enabled === true && websocket.port !== null) {
    const { port, proxyProtocol, tls, readTimeout: readMs, writeTimeout: writeMs } = websocket;
    const host = websocket.host || http.host;
    const protocols = { http1: false, http2: false, websocket: true };
    list.push({
      ...inherited,
      ...protocols,
      name: "websocket",
      key: "frontend.websocket",
      ...ipListsOf(websocket),
      ...{ host, port, readMs, writeMs, proxyProtocol, tls },
    });
  }
  if (grpc.enabled) {
    const { port, proxyProtocol, tls } = grpc;
    const host = grpc.host || http.host;
    const protocols = { http1: false, http2: true, websocket: false };
    const more = { ...ipListsOf(grpc), name: "grpc", key: "frontend.grpc", host, port, proxyProtocol, tls };
    list.push({ ...inherited, ...protocols, ...more });
  }
  return [...list, ...listeners.map((section, i) => listed(section, i, frontend))];
}

function listed(section: ListenerSection, index: number, { http }: Written["frontend"]): ListenerDraft {
  const bySocket = section.socket !== "";
  return {
    name: section.name,
    key: `frontend.listeners[${index}]`,
    host: bySocket ? "" : section.host || http.host,
    port: bySocket ? 0 : (section.port ?? 0),
    socket: section.socket,
    socketMode: Number.parseInt(section.socketMode, 8),
    http1: section.protocols.http1,
    http2: section.protocols.http2 ?? http.enableHTTP2,
    websocket: section.protocols.websocket,
    readMs: section.readTimeout ?? http.readTimeout,
    writeMs: section.writeTimeout ?? http.writeTimeout,
    idleMs: section.idleTimeout ?? http.idleTimeout,
    ...ipListsOf(section),
    proxyProtocol: section.proxyProtocol,
    redirect: redirectOf(section),
    tls: section.tls,
  };
}

function ipListsOf({ allowedIPs, deniedIPs }: IpLists): IpLists {
  return { allowedIPs, deniedIPs };
}

function redirectOf({ redirectToHTTPS: { enabled, port, status } }: { readonly redirectToHTTPS: Redirect }) {
  return enabled ? { port, status: Number(status) } : null;
}

/** Returns the listeners, and reports errors in their sections. */
export function readListeners(draft: Draft): readonly ListenerDraft[] {
  const names = new Claims(draft.problems);
  for (const [i, section] of draft.written.frontend.listeners.entries()) {
    const place = ["frontend", "listeners", i];
    if (section.name !== undefined) checkName(draft, section.name, place, names);
    checkAddress(draft, section, place);
    const { http1, http2, websocket } = section.protocols;
    if (!http1 && http2 === false && !websocket) {
      draft.error([...place, "protocols"], `${dotted(place)}: at least one protocol must be enabled`);
    }
  }
  const listeners = listenersOf(draft.written, (key) => draft.isGiven(key));
  for (const { key, redirect, tls } of listeners) {
    if (!tls.enabled) continue;
    checkHsts(draft, [...placeOfKey(key), "tls", "hsts"], tls);
    if (redirect === null) continue;
    draft.error(placeOfKey(`${key}.redirectToHTTPS`), `${key}: a listener with TLS cannot redirect to HTTPS`);
  }
  if (listeners.length === 0) draft.error(["frontend"], "no listener is enabled");
  return listeners;
}

function checkHsts(draft: Draft, place: Place, { hsts }: ListenerTls): void {
  const { maxAge, includeSubdomains, preload } = hsts;
  if (maxAge === null && (includeSubdomains || preload)) {
    draft.error(place, `${dotted(place)}: the header is not sent without maxAge; begin with maxAge: 1d`);
  } else if (preload && maxAge !== null && (maxAge < PRELOAD_MS || !includeSubdomains)) {
    draft.warn(place, `${dotted(place)}: preload lists require maxAge: 365d or more, and includeSubdomains: true`);
  }
}

function checkName(draft: Draft, name: string, place: Place, names: Claims): void {
  const below = [...place, "name"];
  if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) {
    draft.error(below, `${dotted(place)}: "${name}" is not a valid name; use letters, digits, "-", "_" and "."`);
  } else if (TAKEN.includes(name)) {
    draft.error(below, `${dotted(place)}: "${name}" is the name of a predefined listener; choose another name`);
  }
  names.claim(name, draft.at(below), `listener "${name}"`);
}

function checkAddress(draft: Draft, section: ListenerSection, place: Place): void {
  const { port, socket, socketMode, host } = section;
  const fault = (key: string, message: string) => draft.error([...place, key], `${dotted(place)}: ${message}`);
  if (socket === "") {
    if (port === null) draft.error(place, `${dotted(place)}: needs a port or a socket`);
    return;
  }
  if (port !== null || host !== "") fault("socket", "socket excludes host and port");
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    fault("socket", `the path of a UNIX socket has at most ${MAX_SOCKET_PATH} bytes`);
  }
  if (!/^0?[0-7]{3}$/.test(socketMode)) {
    fault("socketMode", `"${socketMode}" is not an octal mode such as "0660"; write it in quotes`);
  }
}
