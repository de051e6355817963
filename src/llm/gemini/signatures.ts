// The signature that stands for none.

/** Stands for the signature of a call that Gemini did not make, as Google documents for history of other models. */
export const SKIP_SIGNATURE = "skip_thought_signature_validator";
