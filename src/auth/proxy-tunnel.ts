// Connects to a TLS server through an HTTP proxy (CONNECT, RFC 9110 §9.3.6).
import { request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect, type SecureContextOptions, type TLSSocket } from "node:tls";

/** Whether a text is a valid URL of a proxy. */
export function isProxyUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(url);
  return protocol === "http:" && hostname !== "" && pathname + search + hash === "/";
}

/**
 * Opens a connection to the server of an https URL. The TLS handshake may be incomplete; if it fails, the socket emits an
 * error.
 * @param proxy URL; its user and password authenticate to the proxy
 * @throws Error (rejects) if the proxy opens no tunnel
 */
export async function tunnelTo(
  url: string,
  proxy: string,
  trust: SecureContextOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = await opened(`${hostname}:${port || 443}`, proxy, signal);
  const host = hostname.replace(/^\[|\]$/g, "");
  return connect({ socket, host, servername: isIP(host) === 0 ? host : "", ...trust });
}

function opened(authority: string, proxy: string, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, username, password } = new URL(proxy);
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const credentials = user === ":" ? {} : { "Proxy-Authorization": `Basic ${Buffer.from(user).toString("base64")}` };
  return new Promise((resolve, reject) => {
    request({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port || 80,
      method: "CONNECT",
      path: authority,
      headers: { Host: authority, ...credentials },
      agent: false,
      signal,
    })
      .on("connect", ({ statusCode = 0 }, socket, head) => {
        if (statusCode >= 200 && statusCode <= 299 && head.length === 0) return resolve(socket);
        socket.destroy();
        reject(new Error(`the proxy answered ${statusCode}`));
      })
      .on("response", (answer) => {
        answer.destroy();
        reject(new Error("the proxy refused to open a tunnel"));
      })
      .on("error", (error: NodeJS.ErrnoException) => reject(new Error(`the proxy: ${error.code ?? error.message}`)))
      .end();
  });
}
