// The table of roles as a page: generated, so that it can't tell of others than those that are judged by.

import { roles } from '../record/identity.ts';
import { permissions, roleWords } from './permissions.ts';

/** Markdown. */
export function rolesPage(): string {
  const rows = Object.entries(permissions).map(([name, { roles: may, scopes, proof }]) => [
    `\`${name}\``,
    ...roles.map((role) => (may.includes(role) ? 'yes' : '')),
    scopes.length === 0 ? 'no token' : scopes.join(' or '),
    proof === undefined ? '' : proof === 'always' ? 'yes' : 'of others',
  ]);
  return [
    '# Roles',
    '',
    'Generated from `src/administration/permissions.ts` by `npm run docs`. What each role of an account may do at the console and the HTTP API, and which scope a token',
    'needs for it. `postern account role LOGIN ROLE` gives a role; the command line itself acts as `admin`, for root and the user of the server.',
    '',
    ...roles.map((role) => `- \`${role}\`: ${roleWords[role]}.`),
    '',
    '`admin`, `desk` and `auditor` act on all accounts, `domainAdmin` on those whose login is in his domains, `user` on himself. What lies outside is answered as what does not exist.',
    'A domain admin changes no colleague who has another role than `user`.',
    '',
    'Fresh proof: in a session of the console it takes a second factor, or a link, that is not older than ten minutes ([CONSOLE.md](../CONSOLE.md#the-fresh-proof)); `of others`: unless it is about himself.',
    'Of a token, and on the command line, none is asked for.',
    '',
    ...tableOf([['use case', ...roles, 'scope of a token', 'fresh proof'], ...rows]),
    '',
  ].join('\n');
}

function tableOf([head = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
