// The sections a configuration was read from. They are shown and compared; nothing is compiled from them.
import type { Config } from "./config.ts";
import type { Written } from "./schema/root.ts";

/** The sections of a loaded configuration as read. */
export function writtenOf({ written }: Config): Written {
  return written as Written;
}
