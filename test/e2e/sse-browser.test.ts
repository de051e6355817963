// A browser's own EventSource through the gateway: it sees every event, and comes back with the id of the last.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startBackend } from "../support/backend.ts";
import { openPage } from "../support/browser.ts";
import { read } from "../support/client.ts";
import { eventBackend } from "../support/events.ts";
import { startGateway } from "../support/gateway.ts";
import { configText, soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };

/** Tells `/report` about everything its EventSource says. */
const PAGE = `<!doctype html><meta charset="utf-8"><script>
const tell = (what) => fetch("/report", { method: "POST", body: JSON.stringify(what) });
const source = new EventSource("/events?topic=1");
source.onopen = () => tell({ type: "open" });
source.onerror = () => tell({ type: "error", state: source.readyState });
source.onmessage = ({ data, lastEventId }) => tell({ type: "message", data, lastEventId });
source.addEventListener("named", ({ data, lastEventId }) => tell({ type: "named", data, lastEventId }));
</script>`;

interface Told {
  readonly type: string;
  readonly data?: string;
  readonly lastEventId?: string;
  readonly state?: number;
}

/** A page, and what it reports. */
async function reports(t: TestContext) {
  const told: Told[] = [];
  let wake: () => void = () => undefined;
  const backend = await startBackend(async (request, response) => {
    if (request.url === "/report") {
      told.push(JSON.parse((await read(request)).toString()) as Told);
      wake();
      response.writeHead(204).end();
    } else if (request.url === "/page") response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    else response.writeHead(404).end();
  });
  t.after(() => backend.close());
  const next = async (type: string): Promise<Told> => {
    for (;;) {
      const at = told.findIndex((one) => one.type === type);
      if (at !== -1) return told.splice(at, 1)[0]!;
      await soon(
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
        `"${type}" from the browser`,
      );
    }
  };
  return { port: backend.port, next };
}

test("a browser gets each event as it is sent, and reconnects where it stopped", LIMIT, async (t) => {
  const pages = await reports(t);
  const events = await eventBackend();
  t.after(() => events.close());
  const rules = [
    { path: "/events", serviceName: "events", protocol: "sse", sse: { keepaliveTimeout: "1s" } },
    { path: "/*", serviceName: "pages" },
  ];
  const gateway = await startGateway(configText({ rules, services: { events: events.port, pages: pages.port } }));
  t.after(() => gateway.kill());
  const arrived = events.next();
  const browser = openPage(`http://127.0.0.1:${gateway.port}/page`);
  t.after(() => browser.close());

  const first = await arrived;
  assert.deepEqual([first.request.url, first.request.headers.accept], ["/events?topic=1", "text/event-stream"]);
  first.start();
  await pages.next("open"); // the head alone opens it
  first.send("retry: 20\nid: ü🦊\ndata: one\ndata: two\n\n");
  const { data, lastEventId } = await pages.next("message");
  assert.deepEqual([data, lastEventId], ["one\ntwo", "ü🦊"]);
  first.send("event: named\r\ndata: {}\r\n\r\n");
  assert.equal((await pages.next("named")).lastEventId, "ü🦊");

  const again = events.next();
  first.end();
  const second = await again;
  assert.equal(Buffer.from(String(second.request.headers["last-event-id"]), "latin1").toString(), "ü🦊");
  second.start();
  await pages.next("open");
  second.send("id: 2\ndata: three\n\n");
  assert.deepEqual(await pages.next("message"), { type: "message", data: "three", lastEventId: "2" });

  const third = events.next();
  second.lose();
  // Last words are an event of type "error", which the page cannot tell from a lost connection; then it comes back.
  assert.equal((await third).request.headers["last-event-id"], "2");
  (await third).response.writeHead(204).end();
  let last = await pages.next("error");
  while (last.state !== 2) last = await pages.next("error");
});
