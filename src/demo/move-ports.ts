// Moves the ports that a configuration names, so that it can run where some of them are taken.
import { gateway } from "../config/schema/root.ts";
import { emptyMap, type MapNode, type Node } from "../config/tree.ts";
import { DEMO_PORTS } from "./ports.ts";

/** New port of each old one. */
export interface Moves {
  /** Of the gateway's own listeners; never asked for 0, any free port. */
  listener(port: number): number;
  /** Of instances and of whatever else is dialled. */
  backend(port: number): number;
}

/** Moves of `gateway demo -port-offset`: every listener, and of what is dialled the demo backends. */
export function movesBy(offset: number): Moves {
  const own = new Set(Object.values(DEMO_PORTS).flat());
  return {
    listener: (port) => Math.min(port + offset, 65_535),
    backend: (port) => (own.has(port) ? port + offset : port),
  };
}

/** Blocks whose `port` is bound. */
const LISTENERS = ["frontend.http", "frontend.websocket", "frontend.grpc", "management", "metrics"];

/** Moves the ports that a configuration as written names, and those its listeners have by default. */
export function movePorts(root: MapNode, moves: Moves): void {
  const body = root.entries.get("gateway")?.value;
  if (body?.kind !== "map") return;
  for (const path of LISTENERS) writeDefault(body, path.split("."));
  for (const [key, entry] of body.entries) body.entries.set(key, { ...entry, value: moved(entry.value, key, moves) });
}

/** Writes the default port of a listener that names none. */
function writeDefault(body: MapNode, path: readonly string[]): void {
  let block = body;
  let fields = gateway.fields!;
  for (const key of path) {
    fields = fields[key]!.fields!;
    const below = block.entries.get(key)?.value ?? emptyMap(block.at);
    if (below.kind !== "map") return; // no block, which the schema will say
    block.entries.set(key, block.entries.get(key) ?? { keyAt: block.at, value: below });
    block = below;
  }
  const port = fields.port!.fallback;
  if (block.entries.has("port") || typeof port !== "number" || port === 0) return;
  block.entries.set("port", { keyAt: block.at, value: { kind: "scalar", at: block.at, value: port } });
}

function moved(node: Node, path: string, moves: Moves): Node {
  if (node.kind === "list") return { ...node, items: node.items.map((item) => moved(item, path, moves)) };
  if (node.kind === "map") {
    const entries = [...node.entries].map(([key, entry]) => {
      return [key, { ...entry, value: moved(entry.value, `${path}.${key}`, moves) }] as const;
    });
    return { ...node, entries: new Map(entries) };
  }
  const text = String(node.value);
  const dot = path.lastIndexOf(".");
  if (!/^port$|Port$/.test(path.slice(dot + 1)))
    return typeof node.value === "string" ? { ...node, value: movedIn(node.value, moves) } : node;
  if (!/^[1-9]\d*$/.test(text)) return node;
  const port = Number(text);
  return { ...node, value: LISTENERS.includes(path.slice(0, dot)) ? moves.listener(port) : moves.backend(port) };
}

/** Text with the ports of addresses on this machine moved, such as that of a TCP check or a URL. */
function movedIn(text: string, moves: Moves): string {
  return text.replace(/(?<=^(?:\w+:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\]):)\d+/, (port) =>
    String(moves.backend(Number(port))),
  );
}
