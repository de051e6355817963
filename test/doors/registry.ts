// A registry as a contributor would write one: whoever connects and says where it listens is an endpoint as long as the connection
// stands. To have it in every gateway, it would be a file in `src/registries/`, one line in `src/catalog.ts`, and a section of the
// configuration for its port.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { EndpointSpec } from "../../src/core/endpoint.ts";
import type { Fragment, Registry, RegistryChange, ServiceList } from "../../src/core/registry.ts";
import { specOf } from "../support/endpoints.ts";

/** What a backend says of itself: one line of JSON, the first and only thing it sends. */
export interface Announcement {
  readonly service: string;
  readonly id: string;
  readonly port: number;
  /** A route it asks for. */
  readonly path?: string;
}

/** Longest line; who sends more is cut off: what others send is bounded, always. */
const MAX_LINE = 1024;

/** Listens for backends on 127.0.0.1. */
export class AnnouncedRegistry implements Registry {
  readonly name = "announced";
  /** Views of the gateway show it. The list stays as it is meanwhile: an old one is better than none. */
  trouble: string | null = null;
  readonly #server = createServer((socket) => this.#listen(socket));
  readonly #announced = new Map<Socket, Announcement | null>();
  readonly #listeners = new Set<(changed: RegistryChange) => void>();
  #started: Promise<void> | null = null;

  constructor() {
    this.#server.on("error", (error) => {
      this.trouble = error.message;
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Never rejects: the routes of the file are served whatever becomes of a registry. */
  start(): Promise<void> {
    this.#started ??= once(this.#server.listen(0, "127.0.0.1"), "listening").then(
      () => undefined,
      () => undefined, // `trouble` says why
    );
    return this.#started;
  }

  /** Whole states, never differences: the gateway finds out by itself what is new and what is gone. */
  list(): ServiceList {
    const services = new Map<string, EndpointSpec[]>();
    for (const { service, id, port } of this.#all()) {
      services.set(service, [...(services.get(service) ?? []), specOf(id, { port, grpcPort: port })]);
    }
    return [...services].map(([name, endpoints]) => ({ name, endpoints }));
  }

  /** A rule for each path asked for, as the file would have it. Who asks is its source, for messages and views. */
  fragments(): readonly Fragment[] {
    return this.#all().flatMap(({ service, id, path }) => {
      if (path === undefined) return [];
      const values = { path, serviceName: service };
      return {
        source: `announced:${id}`,
        values: Object.entries(values).map(([key, value]) => {
          return { path: ["router", "rules", 0, key], value, place: key };
        }),
      };
    });
  }

  watch(listener: (changed: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#server.close();
    for (const socket of this.#announced.keys()) socket.destroy();
  }

  #all(): readonly Announcement[] {
    return [...this.#announced.values()].filter((announcement) => announcement !== null);
  }

  #listen(socket: Socket): void {
    let text = "";
    this.#announced.set(socket, null);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_LINE) socket.destroy();
      else if (text.endsWith("\n")) this.#take(socket, text);
    });
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", () => this.#tell(this.#announced.get(socket) ?? null, () => this.#announced.delete(socket)));
  }

  #take(socket: Socket, text: string): void {
    try {
      const announcement = JSON.parse(text) as Announcement;
      this.#tell(announcement, () => this.#announced.set(socket, announcement));
    } catch {
      socket.destroy();
    }
  }

  /** First the change, then the word: who hears it finds the new list. How often it is said is the gateway's concern. */
  #tell(of: Announcement | null, change: () => void): void {
    change();
    if (of === null) return;
    for (const listener of [...this.#listeners]) {
      listener("endpoints");
      if (of.path !== undefined) listener("fragments");
    }
  }
}

/** What a backend does: it is an endpoint until the socket is destroyed. */
export async function announce(registry: AnnouncedRegistry, announcement: Announcement): Promise<Socket> {
  const socket = connect(registry.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${JSON.stringify(announcement)}\n`);
  return socket;
}
