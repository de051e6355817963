// `redirectToHTTPS` of listeners: a flag, or a block.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, int, oneOf } from "./scalars.ts";

const block = object("Answers every request with a redirect to HTTPS: true, or a block", {
  enabled: bool("redirect, except for the gateway's own paths and ACME challenges", false),
  port: int("HTTPS port as clients reach it", 443, 1, 65535),
  status: oneOf(
    "308 and 307 keep the method; with 301 and 302 clients may change it to GET",
    ["301", "302", "307", "308"],
    "308",
  ),
});

/** Effective `redirectToHTTPS`. */
export type Redirect = Infer<typeof block>;

/** `redirectToHTTPS` of a listener without TLS. */
export const redirectToHttps = orSwitch(block, block.doc);
