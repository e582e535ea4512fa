// Faults in the decisions: who may send as whom, where mail may go, how much.

import type { Fault } from './fault.ts';

const rights = { file: 'src/policy/rights.ts', tests: ['src/policy/rights'] };
const submission = { file: 'src/policy/submission-policy.ts', tests: ['src/policy/submission-policy'] };
const mx = { file: 'src/policy/mx-policy.ts', tests: ['src/policy/mx-policy', 'src/policy/self-test'] };
const onward = { file: 'src/policy/onward.ts', tests: ['src/policy/onward'] };
const displayName = {
  file: 'src/policy/display-name.ts',
  tests: ['src/policy/submission-policy', 'src/submission/prepare'],
};
const limits = { file: 'src/policy/limits.ts', tests: ['src/policy/limits', 'src/store/agreement'] };

export const policyFaults: readonly Fault[] = [
  {
    ...rights,
    why: 'a right to an address of a foreign domain still gives it',
    from: 'if (!ourDomains.has(mailbox.domain)) {',
    to: 'if (false) {',
  },
  {
    ...rights,
    why: 'an own address covers any detail of anybody',
    from: 'return right.address === canonical || right.address === owner;',
    to: "return right.address === canonical || (owner ?? '').endsWith(right.address.slice(1));",
  },
  {
    ...rights,
    why: 'a granted address covers details too',
    from: "    case 'granted':\n      return right.address === canonical;\n    case 'domain':\n      return right.domain === domain;",
    to: "    case 'granted':\n      return right.address === canonical || right.address === owner;\n    case 'domain':\n      return right.domain === domain;",
  },
  {
    ...rights,
    why: 'a right to a domain covers its subdomains',
    from: 'return right.domain === domain;',
    to: 'return domain.endsWith(right.domain);',
  },
  {
    ...submission,
    why: 'a suspended identity passes MAIL',
    from: "  if (principal === undefined) return notAuthenticated();\n  if (facts.state !== 'active') return notActive(facts.state);\n  if (from.reversePath === '') {",
    to: "  if (principal === undefined) return notAuthenticated();\n  if (from.reversePath === '') {",
  },
  {
    ...submission,
    why: 'a suspended identity passes RCPT',
    from: "  if (facts.principal === undefined) return notAuthenticated();\n  if (facts.state !== 'active') return notActive(facts.state);",
    to: '  if (facts.principal === undefined) return notAuthenticated();',
  },
  {
    ...submission,
    why: 'a suspended identity passes the header',
    from: "  if (facts.state !== 'active') return notActive(facts.state);\n  if (header.from.length === 0) {",
    to: '  if (header.from.length === 0) {',
  },
  {
    ...submission,
    why: 'Sender is not looked at',
    from: "  if (header.sender !== undefined) yield { field: 'Sender', sender: header.sender };",
    to: '',
  },
  {
    ...submission,
    why: 'Resent fields are not looked at',
    from: '  for (const { field, addresses } of header.resent) for (const sender of addresses) yield { field, sender };',
    to: '',
  },
  {
    ...submission,
    why: 'only the first From counts',
    from: "for (const sender of header.from) yield { field: 'From', sender };",
    to: "for (const sender of header.from.slice(0, 1)) yield { field: 'From', sender };",
  },
  {
    ...submission,
    why: 'the null sender may write to many',
    from: "if (facts.from.reversePath === '' && soFar > 0) {",
    to: "if (facts.from.reversePath === '' && soFar > 1) {",
  },
  {
    ...submission,
    why: 'mail to address literals is allowed',
    from: "    case 'literal':\n      return refuse(",
    to: "    case 'literal':\n      return allow('literal', 'x');\n      return refuse(",
  },
  {
    ...submission,
    why: 'unknown mailboxes of our own are accepted',
    from: "return facts.mailbox === undefined || facts.mailbox === 'exists'",
    to: "return facts.mailbox !== 'elsewhere'",
  },
  {
    ...mx,
    why: 'mail of strangers is relayed',
    from: "  return refuse(\n    'relayDenied',\n    'own domains only',\n    `${name} is no domain of ours and the session is not authenticated`,\n  );",
    to: "  return allow('own mailbox', `${name}`);",
  },
  {
    ...mx,
    why: 'strangers write to whatever mailbox of our domains',
    from: "    return mailbox === 'exists'\n",
    to: "    return mailbox !== 'elsewhere'\n",
  },
  {
    ...mx,
    why: 'postmaster of any host is ours',
    from: 'if (role && name === hostname.toLowerCase()) return toPostmaster(domains);',
    to: 'if (role) return toPostmaster(domains);',
  },
  {
    ...limits,
    why: 'the limit lets one more through',
    from: 'if (ofHour > limit)',
    to: 'if (ofHour > limit + 1)',
  },
  {
    ...limits,
    why: 'recipients count as one message',
    from: 'recipients: counts.recipients + charge.recipients,',
    to: 'recipients: counts.recipients + 1,',
  },
  {
    ...limits,
    why: 'the hour before does not count',
    from: 'return window.current[key] + window.previous[key] * left;',
    to: 'return window.current[key] + window.previous[key] * left * 0;',
  },
  {
    ...limits,
    why: 'the day is never looked at',
    from: 'if (ofDay > limit * DAY_FACTOR)',
    to: 'if (ofDay > limit * 1000)',
  },
  {
    ...onward,
    why: 'a percent hack is a name like any other',
    from: 'const special = /[%!@|',
    to: 'const special = /[!@|',
  },
  {
    ...onward,
    why: 'a UUCP path is a name like any other',
    from: 'const special = /[%!@|',
    to: 'const special = /[%@|',
  },
  {
    ...onward,
    why: 'a quoted address is a name like any other',
    from: 'const special = /[%!@|',
    to: 'const special = /[%!|',
  },
  {
    ...onward,
    why: 'a command is a name like any other',
    from: 'const special = /[%!@|',
    to: 'const special = /[%!@',
  },
  {
    ...onward,
    why: 'a list or a route is a name like any other',
    from: 'const special = /[%!@|:',
    to: 'const special = /[%!@|',
  },
  {
    ...onward,
    why: 'an option or a file is a name like any other',
    from: 'const leading = /^[./-]/;',
    to: 'const leading = /^[.]/;',
  },
  {
    ...onward,
    why: 'a step to the directory above is a name like any other',
    from: ' || pathStep.test(localPart)',
    to: '',
  },
  {
    ...mx,
    tests: ['src/policy/onward', 'src/policy/mx-policy'],
    why: 'strangers may write to names that lead onward',
    from: 'if (leadsOnward(recipient.localPart)) return leadsNowhere(name);',
    to: '',
  },
  {
    ...mx,
    tests: ['src/policy/onward', 'src/policy/mx-policy', 'test/dialogs/bare'],
    why: 'a report may go to a name that leads onward',
    from: 'domains.has(domain.name) && leadsOnward(judged.mailbox.localPart))',
    to: 'domains.size < 0)',
  },
  {
    ...submission,
    tests: ['src/policy/onward', 'src/policy/submission-policy'],
    why: 'users may write to names of ours that lead onward',
    from: 'if (leadsOnward(mailbox.localPart)) return leadsNowhere(domain.name);',
    to: '',
  },
  {
    ...rights,
    tests: ['src/policy/rights', 'src/policy/onward', 'src/policy/submission-policy'],
    why: 'a right covers names that lead onward',
    from: 'if (leadsOnward(mailbox.localPart)) {',
    to: 'if (false) {',
  },
  {
    file: 'src/identity/mailboxes.ts',
    tests: ['src/identity/mailboxes'],
    why: 'a wildcard matches names that lead onward',
    from: "if (leadsOnward(mailbox.localPart)) return 'unknown';",
    to: '',
  },
  {
    ...displayName,
    why: 'compatibility letters hide an address in a display name',
    from: ".normalize('NFKC')",
    to: '',
  },
  {
    ...displayName,
    why: 'invisible letters hide an address in a display name',
    from: String.raw`.replaceAll(/[\p{Default_Ignorable_Code_Point}\p{C}"\\]/gu, '')`,
    to: '',
  },
  {
    ...displayName,
    why: 'a right-to-left override hides an address in a display name',
    from: String.raw`if (!text.includes('\u202e')) return text;`,
    to: 'if (text.length >= 0) return text;',
  },
  {
    ...displayName,
    why: 'only the first address in a display name counts',
    from: "at = letters.indexOf('@', at + 1)",
    to: 'at = -1',
  },
  {
    ...displayName,
    why: 'blanks around the at sign hide an address in a display name',
    from: "while (letters[start] === ' ' && start - at < LOCAL_PART_LENGTH_MAX) start += 1;",
    to: '',
  },
  {
    ...displayName,
    why: 'ideographic full stops hide an address in a display name',
    from: String.raw`.replaceAll(/[\u3002\uff61]/g, '.')`,
    to: '',
  },
];
