// A PKCS#12 bundle (RFC 7292), the form in which browsers import client certificates.

/** @param key RSA, PKCS#8 as PEM @param certificate the key's, as PEM @param friendlyName by which a browser lists it */
export async function pkcs12(
  key: string,
  certificate: string,
  friendlyName: string,
  password: string,
): Promise<Buffer> {
  const { default: forge } = await import("node-forge");
  const { asn1, pki } = forge;
  const bundle = forge.pkcs12.toPkcs12Asn1(pki.privateKeyFromPem(key), pki.certificateFromPem(certificate), password, {
    friendlyName,
  });
  return Buffer.from(asn1.toDer(bundle).getBytes(), "binary");
}
