// Opens the store that settings name; the client of Redis is loaded only for one in Redis.
import { FolderStore } from "./folder-store.ts";
import type { StoreSettings } from "./settings.ts";
import { type AcmeStore, STORE_TIMES } from "./store.ts";

/** A store of one user, who closes it. */
export async function openStore(settings: StoreSettings): Promise<AcmeStore> {
  if (settings.kind === "folder") return new FolderStore(settings.folder, STORE_TIMES);
  const { RedisAcmeStore } = await import("./redis-store.ts");
  return new RedisAcmeStore(settings.name, settings.redis, STORE_TIMES);
}
