// Loads what language models need, with the first configuration that has any.
import { WIRE_FORMATS } from "../../catalog.ts";
import type { Config } from "../../config/config.ts";
import type { Formats } from "../../llm/exchange/setup.ts";
import type { FormatName } from "../../llm/format.ts";
import type { Runtime } from "../runtime.ts";
import { userAccounts } from "./user-accounts.ts";

/** Loads the wire formats and the compiler of rules, if `config` has language models. */
export async function prepareModels({ llm }: Config, runtime: Runtime): Promise<void> {
  if (llm === null || runtime.llm !== null) return;
  const [{ LlmRoutes }, formats] = await Promise.all([import("./llm-routes.ts"), loadFormats()]);
  runtime.llm = (build, serviceNamed) => new LlmRoutes(build, formats, serviceNamed, userAccounts(build));
}

/** Loads all wire formats. */
export async function loadFormats(): Promise<Formats> {
  const names = Object.keys(WIRE_FORMATS) as FormatName[];
  const loaded = await Promise.all(names.map(async (name) => [name, await WIRE_FORMATS[name]()] as const));
  return Object.fromEntries(loaded) as unknown as Formats;
}
