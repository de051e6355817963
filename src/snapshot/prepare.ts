// Loads asynchronously what compiling a configuration, which is synchronous, will need.
import type { Config } from "../config/config.ts";
import { prepareModels } from "./llm/prepare.ts";
import { prepareLimitStores } from "./routes/limit-stores.ts";
import { prepareLogin } from "./routes/login.ts";
import type { Runtime } from "./runtime.ts";
import { prepareTranscoding } from "./translators/translators.ts";

/** Each makes ready in `runtime` what compiling `config` will need, and does nothing when it needs nothing. */
const PREPARATIONS: readonly ((config: Config, runtime: Runtime) => Promise<void>)[] = [
  prepareTranscoding,
  prepareLimitStores,
  prepareLogin,
  prepareModels,
];

/** To be awaited before each compilation. @throws what a preparation throws; the configuration cannot run then */
export async function prepare(config: Config, runtime: Runtime): Promise<void> {
  await Promise.all(PREPARATIONS.map((preparation) => preparation(config, runtime)));
}
