// `cors` and `rules[].cors`: which pages of other origins may read replies (Fetch standard, "CORS protocol").
import type { Field, Infer } from "./field.ts";
import { object, optional } from "./fields.ts";
import { overrides } from "./inherited.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, int, strings } from "./scalars.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

const fields = {
  allowedOrigins: strings(
    "origins whose pages may read replies: exact, `https://*.example.org` for names below one, `*` for any, or `null`",
    ["*"],
  ),
  allowedMethods: strings("methods such pages may use; `*` = any", METHODS),
  allowedHeaders: strings("request headers such pages may set; `*` = any", ["*"]),
  exposedHeaders: strings("reply headers such pages may read, beside those that are always readable"),
  allowCredentials: bool("allow such pages to send cookies and credentials; never with origin `*` or `null`", false),
  allowPrivateNetwork: bool(
    "allow pages of public networks to access this private network (Private Network Access)",
    false,
  ),
  maxAge: dur("how long browsers remember the answer to a preflight; 0 = their own default", 86_400_000),
  optionsPassthrough: bool("send preflights on to the service, whose answer then counts", false),
  optionsSuccessStatus: int("status of answers to preflights", 204, 200, 299),
};

/** `cors`. */
export const cors = orSwitch(
  object("", {
    enabled: bool("answer preflights and add the fields, on every rule that says nothing else", false),
    ...fields,
  }),
  "Pages of other origins (CORS): true, or a block, which is on unless it says otherwise",
);

/** `rules[].cors`. */
export const ruleCors = optional(
  orSwitch(overrides("", fields), "CORS on this rule: true, false, or a block whose keys win over those of `cors`"),
);

/** Effective `cors`. */
export type CorsSection = Infer<typeof cors>;
/** What differs for a rule; null: nothing. */
export type RuleCors = typeof ruleCors extends Field<infer T> ? T : never;
