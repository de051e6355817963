// Moves the ports in a configuration, so that it can run where some of them are in use.
import { gateway } from "../schema/root.ts";
import { emptyMap, type MapNode, type Node } from "./tree.ts";

/** New ports, as plain data that can be sent to the thread that loads. */
export interface PortMoves {
  /** Added to the port of every listener; null: each takes any free port. */
  readonly listeners: number | null;
  /** New port of each one that is dialled: those of instances, checks and URLs. */
  readonly dialled: ReadonlyMap<number, number>;
  /** Where any other port that is dialled goes; null: where it went. */
  readonly others: number | null;
}

/** Blocks whose `port` is bound. */
const LISTENERS = ["frontend.http", "frontend.websocket", "frontend.grpc", "management", "metrics"];

/** Port of an element of the list of further listeners: elements have the path of their list. */
const LISTED = "frontend.listeners.port";
/** Ports of other listeners that clients are told of. */
const TOLD = ["frontend.http.redirectToHTTPS.port", "frontend.listeners.redirectToHTTPS.port"];

/** Moves the ports that a configuration as written names, and those its listeners have by default. */
export function movePorts(root: MapNode, moves: PortMoves): void {
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
    if (below.kind !== "map") return; // refused by the schema later
    block.entries.set(key, block.entries.get(key) ?? { keyAt: block.at, value: below });
    block = below;
  }
  const port = fields.port!.fallback;
  if (block.entries.has("port") || typeof port !== "number" || port === 0) return;
  block.entries.set("port", { keyAt: block.at, value: scalar(block.at, port) });
}

function moved(node: Node, path: string, moves: PortMoves): Node {
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
  if (TOLD.includes(path)) return moves.listeners === null ? node : scalar(node.at, listenerOf(port, moves));
  return scalar(
    node.at,
    LISTENERS.includes(path.slice(0, dot)) || path === LISTED ? listenerOf(port, moves) : dialledOf(port, moves),
  );
}

/** Text with the ports of addresses on this machine moved, such as that of a TCP check or a URL. */
function movedIn(text: string, moves: PortMoves): string {
  return text.replace(/(?<=^(?:\w+:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\]):)\d+/, (port) =>
    String(dialledOf(Number(port), moves)),
  );
}

function listenerOf(port: number, { listeners }: PortMoves): number {
  return listeners === null ? 0 : Math.min(port + listeners, 65_535);
}

function dialledOf(port: number, { dialled, others }: PortMoves): number {
  return dialled.get(port) ?? others ?? port;
}

/** A scalar with a new number, without the spelling of the old one. */
function scalar(at: Node["at"], value: number): Node {
  return { kind: "scalar", at, value };
}
