// The demo's authorization service, for `auth.forward`: a bearer token is the name of its user, and `/public` is open to all.
import type { IncomingMessage, ServerResponse } from "node:http";

const USER = /^Bearer ([a-z]{1,20})$/i;

/** Answers a check request: 204 with the user and a cookie, or 401. */
export function authorize({ headers }: IncomingMessage, response: ServerResponse): void {
  const [, user] = USER.exec(headers.authorization ?? "") ?? [];
  if (user !== undefined) {
    const fields = { "X-User": user, "X-Scopes": user === "ann" ? "read write" : "read", "Set-Cookie": `last=${user}` };
    return void response.writeHead(204, fields).end();
  }
  if (String(headers["x-forwarded-uri"]).startsWith("/public")) return void response.writeHead(204).end();
  const denied = { "WWW-Authenticate": 'Bearer realm="demo"', "Content-Type": "text/plain" };
  response.writeHead(401, denied).end("Send a name as bearer token.\n");
}
