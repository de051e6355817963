// Removes a credential from what its provider says.
import type { Fault } from "../message/fault.ts";
import type { Credential } from "./credential.ts";

/** The fault without the credential, which the provider may have repeated in any of its texts. */
export function withoutCredential(fault: Fault, credential: Credential): Fault {
  const { message, param, code } = fault;
  return {
    ...fault,
    message: credential.hideIn(message),
    param: param === null ? null : credential.hideIn(param),
    code: code === null ? null : credential.hideIn(code),
  };
}
