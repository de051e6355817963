// Finds listeners of one configuration with the same port, and names both. The error of the system would name neither.
import { resolve } from "node:path";
import type { Config } from "../config.ts";
import { type Draft, placeOfKey } from "./draft.ts";
import type { Known } from "./known.ts";
import type { ListenerConfig } from "./listeners.ts";

/** An address that would be bound. */
interface Wanted {
  /** Section that wants the port. */
  readonly section: string;
  readonly host: string;
  readonly port: number;
}

/** Every two enabled listeners that exclude each other are one error. */
export function checkPorts(draft: Draft, { listeners }: Known): void {
  const wanted = boundAddresses(listeners, draft.written);
  for (const [i, one] of wanted.entries()) {
    const other = wanted.slice(0, i).find((w) => w.port === one.port && overlap(w.host, one.host));
    if (other === undefined) continue;
    draft.error(
      placeOfKey(`${one.section}.port`),
      `${one.section}.port: ${one.port} is also the port of ${other.section}; change one of them`,
    );
  }
  const sockets = new Map<string, string>();
  for (const { key, socket } of listeners) {
    if (socket === "") continue;
    const other = sockets.get(resolve(socket));
    sockets.set(resolve(socket), key);
    if (other !== undefined) draft.error(placeOfKey(`${key}.socket`), `${key}.socket: it is also used by ${other}`);
  }
}

/** Every enabled listener whose port is written. */
export function boundAddresses(
  listeners: readonly Pick<ListenerConfig, "key" | "host" | "port">[],
  { frontend: { http }, metrics, management }: Pick<Config, "frontend" | "metrics" | "management">,
): Wanted[] {
  const list: (Wanted | false)[] = [
    ...listeners.map(({ key, host, port }) => ({ section: key, host, port })),
    metrics.enabled && { section: "metrics", host: http.host, port: metrics.port },
    management.enabled && { section: "management", host: management.host, port: management.port },
  ];
  // Port 0 is any free port.
  return list.filter((w) => w !== false).filter((w) => w.port !== 0);
}

/** Whether both cannot be bound to one port. */
function overlap(a: string, b: string): boolean {
  return isAny(a) || isAny(b) || canonical(a) === canonical(b);
}

function isAny(host: string): boolean {
  return host === "" || host === "0.0.0.0" || host === "::";
}

function canonical(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host.toLowerCase();
}
