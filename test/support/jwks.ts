// An issuer that publishes its keys, over real HTTP.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { SigningKey } from "./tokens.ts";

/** A published key set; tests change what is published. */
export interface PublishedKeys {
  readonly url: string;
  keys: readonly SigningKey[];
  /** Further members of the set. */
  extra: readonly unknown[];
  /** Answers instead of the keys; null: the keys. */
  answer: ((response: ServerResponse) => void) | null;
  /** How often it was asked. */
  asked: number;
  close(): Promise<void>;
}

/** Publishes keys on a port. @param port 0 = a free one */
export async function publishKeys(keys: readonly SigningKey[], port = 0): Promise<PublishedKeys> {
  const server = createServer((_, response) => {
    published.asked++;
    if (published.answer !== null) return published.answer(response);
    response.setHeader("Content-Type", "application/jwk-set+json");
    response.end(JSON.stringify({ keys: [...published.keys.map(({ jwk }) => jwk), ...published.extra] }));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  const published: PublishedKeys = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    keys,
    extra: [],
    answer: null,
    asked: 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return published;
}
