// Holes for the self-test of a running server to find: changes of the code, as exact edits. That each still fits is seen by `test/probe-self.test.ts`.

export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Hole {
  readonly why: string;
  readonly changes: readonly Change[];
  readonly found: RegExp;
}

/** Changes of the code that the probes of the policy can't see, because they are made after them or elsewhere. */
export const holes: readonly Hole[] = [
  {
    why: 'role mx takes mail for another domain',
    changes: [
      {
        file: '/policy/mx-policy.ts',
        from: '  if (role && name === hostname.toLowerCase())',
        to: "  if (name === 'example.net') return allow('a hole', 'planted');\n  if (role && name === hostname.toLowerCase())",
      },
    ],
    found: /mx-no-relay \(port \d+\): from postern-probe@example\.net: 250/,
  },
  {
    why: 'strangers are taken for those of role mx on the submission ports',
    changes: [
      {
        file: '/protocol/session/gate.ts',
        from: "role === 'submission' && state.login === undefined",
        to: 'false',
      },
      {
        file: '/server/answers.ts',
        from: "  if (connection.listener.role === 'mx') {",
        to: '  if (connection.principal === undefined) {',
      },
      {
        file: '/server/answers.ts',
        from: "  if (listener.role === 'mx')\n    return decideMxRecipient",
        to: '  if (principal === undefined)\n    return decideMxRecipient',
      },
    ],
    found: /auth-required-local \(port \d+\): .*RCPT local: 250/,
  },
  {
    why: 'AUTH is offered before TLS',
    changes: [
      {
        file: '/protocol/session/commands-session.ts',
        from: "settings.role === 'submission' && tls !== undefined && login",
        to: "settings.role === 'submission' && login",
      },
    ],
    found: /auth-in-clear \(port \d+\): EHLO in clear lists AUTH/,
  },
];
