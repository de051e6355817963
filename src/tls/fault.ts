// What is wrong with a certificate, key or revocation list, in words for the operator.

/** Its message names no content of the file and no passphrase, so that it may be logged. The caller adds the file's name. */
export class TlsFault extends Error {}
