// The scrape endpoint on a separate port: everything else there is 404.
import { SmallServer } from "./small-server.ts";

/** Content of the scrape endpoint. */
interface Page {
  readonly contentType: string;
  text(): Promise<string>;
}

/** A server of one page at one path. */
export function metricsServer(path: string, page: () => Promise<Page>): SmallServer {
  const options = { tls: null, mayAsk: () => true };
  return new SmallServer(options, (request, response) => {
    const found = (request.url ?? "").split("?")[0] === path;
    if (!found || (request.method !== "GET" && request.method !== "HEAD")) {
      response.writeHead(found ? 405 : 404).end();
      return;
    }
    page()
      .then(async (p) => {
        const text = await p.text();
        response.writeHead(200, { "Content-Type": p.contentType }).end(text);
      })
      .catch(() => response.writeHead(500).end());
  });
}
