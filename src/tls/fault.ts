// The error of a certificate, key or revocation list that cannot be used.

/** Its message is for the operator. It repeats neither file content nor passphrases, and the caller adds the file name. */
export class TlsFault extends Error {}
