// `gateway healthcheck`: asks a running gateway whether it is ready; for container health checks.

import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { loadConfig } from "../config/load.ts";
import { bracketed } from "../wire/authority.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Longest wait for the answer, ms. */
const TIMEOUT_MS = 3000;

/** Exit code 0 when the gateway of this configuration is ready, else 1. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "ask the running gateway whether it is ready (exit code 0 or 1)",
  operands: "",
  flags: { ...CONFIG_FLAGS, url: "text" },
  help: { ...CONFIG_HELP, url: "ask this URL instead of the configured port" },
  async run(parsed, env) {
    const url = parsed.values.get("url") ?? readyUrl(loadConfig(loadOptions(parsed, env)).config.frontend.http);
    const { status, text } = await ask(url);
    process.stdout.write(`${text}\n`);
    return status === 200 ? 0 : 1;
  },
};

function readyUrl(http: { host: string; port: number; tls: { enabled: boolean } }): string {
  const anywhere = http.host === "0.0.0.0" || http.host === "::" || http.host === "";
  const host = anywhere ? "127.0.0.1" : bracketed(http.host);
  return `${http.tls.enabled ? "https" : "http"}://${host}:${http.port}/_gateway/ready`;
}

function ask(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const send = url.startsWith("https:") ? secureRequest : plainRequest;
    // The certificate names the public host, not the loopback address asked here.
    const request = send(url, { timeout: TIMEOUT_MS, rejectUnauthorized: false }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve({ status, text: status === 200 ? "ready" : `not ready (${status})` });
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => resolve({ status: 0, text: `not ready: ${error.message}` }));
    request.end();
  });
}
