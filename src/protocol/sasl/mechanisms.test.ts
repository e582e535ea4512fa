// What each mechanism makes of the messages of a client, without base64 and SMTP around them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SaslStep } from './mechanism.ts';
import { type MechanismName, mechanismsNamed } from './mechanisms.ts';

const long = 'x'.repeat(1024);

/** `says`: the client's messages, as octets of ISO 8859-1. `steps`: ours, the first before the client has said anything. */
const exchanges: readonly {
  readonly why: string;
  readonly mechanism: MechanismName;
  readonly says: readonly string[];
  readonly steps: readonly string[];
}[] = [
  {
    why: 'name and password',
    mechanism: 'PLAIN',
    says: ['\0al\0pw'],
    steps: ['challenge ', 'evidence |al|pw'],
  },
  {
    why: 'an authorization identity',
    mechanism: 'PLAIN',
    says: ['bob\0al\0pw'],
    steps: ['challenge ', 'evidence bob|al|pw'],
  },
  {
    why: 'UTF-8, and blanks that belong to the password',
    mechanism: 'PLAIN',
    says: ['\0j\u00c3\u00bcrgen\0 p w '],
    steps: ['challenge ', 'evidence |j\u00fcrgen| p w '],
  },
  {
    why: 'as long as may be',
    mechanism: 'PLAIN',
    says: [`\0${long}\0${long}`],
    steps: ['challenge ', `evidence |${long}|${long}`],
  },
  {
    why: 'an octet more',
    mechanism: 'PLAIN',
    says: [`\0al\0${long}x`],
    steps: ['challenge ', 'malformed name or password over 1024 octets'],
  },
  ...['', 'al', 'al\0pw', '\0al\0pw\0', '\0a\u00ff\0pw'].map((said) => ({
    why: `${JSON.stringify(said)} is none of its messages`,
    mechanism: 'PLAIN' as const,
    says: [said],
    steps: ['challenge ', 'malformed PLAIN wants two NULs and valid UTF-8'],
  })),
  ...['\0\0pw', '\0al\0', 'al\0\0'].map((said) => ({
    why: `${JSON.stringify(said)} lacks one of the two`,
    mechanism: 'PLAIN' as const,
    says: [said],
    steps: ['challenge ', 'malformed empty name or empty password'],
  })),
  {
    why: 'name, then password',
    mechanism: 'LOGIN',
    says: ['al', 'pw'],
    steps: ['challenge Username:', 'challenge Password:', 'evidence |al|pw'],
  },
  {
    why: 'UTF-8',
    mechanism: 'LOGIN',
    says: ['j\u00c3\u00bcrgen', 'p\u00c3\u00a4ss'],
    steps: ['challenge Username:', 'challenge Password:', 'evidence |j\u00fcrgen|p\u00e4ss'],
  },
  ...[
    ['', 'pw'],
    ['al', ''],
  ].map((says) => ({
    why: `${JSON.stringify(says)} lacks one of the two`,
    mechanism: 'LOGIN' as const,
    says,
    steps: ['challenge Username:', 'challenge Password:', 'malformed empty name or empty password'],
  })),
  ...[
    ['a\0l', 'pw'],
    ['al', 'p\0w'],
    ['a\u00ff', 'pw'],
    ['al', 'p\u00ff'],
  ].map((says) => ({
    why: `${JSON.stringify(says)} is no text`,
    mechanism: 'LOGIN' as const,
    says,
    steps: ['challenge Username:', 'challenge Password:', 'malformed LOGIN wants valid UTF-8 without NUL'],
  })),
];

function told(step: SaslStep, name: MechanismName): string {
  switch (step.type) {
    case 'challenge':
      return `challenge ${Buffer.from(step.bytes).toString('latin1')}`;
    case 'evidence': {
      const { mechanism, authorizationIdentity, authenticationIdentity, password } = step.evidence;
      assert.equal(mechanism, name);
      return `evidence ${[authorizationIdentity, authenticationIdentity, password].join('|')}`;
    }
    case 'tlsBinding':
      return step.type;
    case 'malformed':
      return `malformed ${step.cause}`;
  }
}

for (const { why, mechanism, says, steps } of exchanges)
  test(`an exchange of ${mechanism}: ${why.slice(0, 80)}`, () => {
    const [found] = mechanismsNamed([mechanism]);
    const exchange = found?.open(undefined);
    assert.ok(exchange !== undefined);
    const given = [exchange.begin(), ...says.map((one) => exchange.respond(Buffer.from(one, 'latin1')))];
    assert.deepEqual(
      given.map((step) => told(step, mechanism)),
      steps,
    );
  });
