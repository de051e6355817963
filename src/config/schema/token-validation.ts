// `tokenValidation` and `tokenCheckInterval`: streams that end with their credential, by protocol and by rule.
import { optional } from "./fields.ts";
import { bool, dur } from "./scalars.ts";

/** Keys of the section of a protocol. */
export const tokenValidation = {
  tokenValidation: bool("end streams of authenticated clients when their credential ends", true),
  tokenCheckInterval: dur("time between two looks whether the credential was revoked; 0 = it is not looked", 60_000),
};

/** The same of a rule. @param section that of the protocol */
export function ruleTokenValidation(section: string) {
  return {
    tokenValidation: optional(bool(`instead of \`${section}.tokenValidation\``)),
    tokenCheckInterval: optional(dur(`instead of \`${section}.tokenCheckInterval\``)),
  };
}
