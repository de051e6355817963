// The two doors at which an authority asks, with nothing behind them but a store: what a gateway answers, without a gateway.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import { createSecureContext, createServer as createTlsServer } from "node:tls";
import { CHALLENGE_PATH, ChallengeAnswers } from "../../src/acme/answers.ts";
import type { AcmeStore } from "../../src/acme/store.ts";

/** Open ports. */
export interface ChallengeDoors {
  readonly httpPort: number;
  readonly tlsPort: number;
  /** What was asked for, in order: `http TOKEN`, `alpn NAME`. */
  readonly asked: string[];
  /** Called before a question is answered. */
  before: (question: string) => Promise<void> | void;
  close(): Promise<void>;
}

/** Opens them. @param store of the gateway that answers, which need not be the one that orders */
export async function openDoors(store: AcmeStore, names: readonly string[]): Promise<ChallengeDoors> {
  const answers = new ChallengeAnswers(
    async () => store,
    names,
    (error) => {
      throw error;
    },
  );
  const asked: string[] = [];
  const heard = async (question: string) => {
    asked.push(question);
    await doors.before(question);
  };
  const http = createServer((request, response) => {
    const token = request.url!.startsWith(CHALLENGE_PATH) ? request.url!.slice(CHALLENGE_PATH.length) : "";
    void heard(`http ${token}`)
      .then(() => answers.httpAnswer(token))
      .then((body) => response.writeHead(body === null ? 404 : 200).end(body ?? ""));
  });
  const tls = createTlsServer({
    ALPNProtocols: ["acme-tls/1"],
    SNICallback: (name, done) => {
      void heard(`alpn ${name}`)
        .then(() => answers.alpnCertificate(name))
        .then((pair) =>
          pair === null ? done(new Error("nothing is pending")) : done(null, createSecureContext(pair)),
        );
    },
  });
  tls.on("tlsClientError", () => undefined);
  tls.on("secureConnection", (socket) => socket.on("error", () => undefined).end());
  const doors: ChallengeDoors = {
    httpPort: await listen(http),
    tlsPort: await listen(tls),
    asked,
    before: () => undefined,
    async close() {
      http.closeAllConnections();
      await Promise.all([http, tls].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
  return doors;
}

async function listen(server: NetServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
