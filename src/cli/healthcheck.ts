// `gateway healthcheck`: checks whether a running gateway is ready, for container health checks.
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { loadConfig } from "../config/load.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";
import { connectionOptions, type OwnListener, ownListener } from "./own-listener.ts";

/** Longest wait for the answer, ms. */
const TIMEOUT_MS = 3000;

/** Exit code 0 when the gateway of this configuration is ready, else 1. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "check whether the running gateway is ready (exit code 0 or 1)",
  operands: "",
  flags: { ...CONFIG_FLAGS, url: "text" },
  help: { ...CONFIG_HELP, url: "request this URL instead of the configured port" },
  async run(parsed, env) {
    const url = parsed.values.get("url");
    const { status, text } = await (url === undefined
      ? askOwn(ownListener(loadConfig(loadOptions(parsed, env)).config.listeners))
      : ask(url, {}));
    process.stdout.write(`${text}\n`);
    return status === 200 ? 0 : 1;
  },
};

function askOwn(own: OwnListener): ReturnType<typeof ask> {
  return ask(`${own.origin}/_gateway/ready`, connectionOptions(own));
}

function ask(url: string, through: ReturnType<typeof connectionOptions>): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const send = url.startsWith("https:") ? secureRequest : plainRequest;
    // The certificate names the public host, not the loopback address asked here.
    const request = send(url, { ...through, timeout: TIMEOUT_MS, rejectUnauthorized: false }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve({ status, text: status === 200 ? "ready" : `not ready (${status})` });
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => resolve({ status: 0, text: `not ready: ${error.message}` }));
    request.end();
  });
}
