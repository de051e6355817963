// Finds listeners of one configuration with the same port, and names both. The error of the system would name neither.

import type { Written } from "../schema/root.ts";
import type { Draft } from "./draft.ts";

/** An address that would be bound. */
interface Wanted {
  /** Section that wants the port. */
  readonly section: string;
  readonly host: string;
  readonly port: number;
}

/** Every two enabled listeners that exclude each other are one error. */
export function checkPorts(draft: Draft): void {
  const wanted = listeners(draft.written);
  for (const [i, one] of wanted.entries()) {
    const other = wanted.slice(0, i).find((w) => w.port === one.port && overlap(w.host, one.host));
    if (other === undefined) continue;
    draft.error(
      [...one.section.split("."), "port"],
      `${one.section}.port: ${one.port} is also the port of ${other.section}; give one of them another`,
    );
  }
}

/** Every enabled listener whose port is written. */
export function listeners({
  frontend: { http, websocket, grpc },
  metrics,
  management,
}: Pick<Written, "frontend" | "metrics" | "management">): Wanted[] {
  const list: (Wanted | false)[] = [
    { section: "frontend.http", host: http.host, port: http.port },
    websocket.enabled === true &&
      websocket.port !== null && {
        section: "frontend.websocket",
        host: websocket.host || http.host,
        port: websocket.port,
      },
    grpc.enabled && { section: "frontend.grpc", host: grpc.host || http.host, port: grpc.port },
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
