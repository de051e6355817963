// Starts a gateway in this process with kinds of a test's own, as a program that embeds the gateway would.
import { type BootOptions, boot } from "../../src/boot.ts";

/** A running gateway. */
export interface Started {
  /** Port of the HTTP listener. */
  readonly port: number;
  stop(): Promise<void>;
}

/** @param body YAML below `gateway:`, indented by two; the HTTP port is any free one, and nothing is logged */
export async function startWith(body: string, extensions: NonNullable<BootOptions["extensions"]>): Promise<Started> {
  const text = `gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  telemetry: { logging: { enabled: false, applicationOutput: /dev/null } }
  shutdown: { delay: 0, timeout: 1 }
${body}`;
  const running = await boot({
    load: { file: "toy.yaml", env: {}, text },
    logLevel: "error",
    hotReload: false,
    extensions,
  });
  const { port } = running.addresses().find(({ name }) => name === "http")!;
  return { port, stop: () => running.stop() };
}
