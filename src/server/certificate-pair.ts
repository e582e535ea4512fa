// A certificate and its key: do they fit together? Said with the names of both files, before a library stumbles over them.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

interface Named {
  readonly file: string;
  readonly pem: string;
}

/** What is wrong with the pair; undefined: nothing. */
export function pairProblem(cert: Named, key: Named): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert.pem);
  } catch {
    return cert.pem.includes('PRIVATE KEY-----')
      ? `${cert.file} holds a key: are \`cert\` and \`key\` exchanged?`
      : `${cert.file} holds no certificate that can be read: it must be PEM, with the server's own certificate first`;
  }
  const read = readKey(key);
  if (typeof read === 'string') return read;
  return certificate.checkPrivateKey(read)
    ? undefined
    : `${key.file} is not the key of the certificate in ${cert.file}: one of them is older than the other, or of another name`;
}

function readKey({ file, pem }: Named): KeyObject | string {
  try {
    return createPrivateKey(pem);
  } catch {
    if (pem.includes('ENCRYPTED'))
      return `${file} is encrypted, and nobody is there to type a passphrase: openssl pkey -in ${file} writes it without`;
    return pem.includes('CERTIFICATE-----')
      ? `${file} holds a certificate: are \`cert\` and \`key\` exchanged?`
      : `${file} holds no private key that can be read: it must be PEM`;
  }
}
