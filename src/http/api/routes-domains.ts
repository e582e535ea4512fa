// Paths about our domains: the records that they should publish, what the DNS says, one selector.

import { z } from 'zod';
import { route, type Route } from './route.ts';
import { ofAccount } from './shapes.ts';
import * as shapes from './shapes-domains.ts';

const ofDomain = z.strictObject({ domain: z.string().min(1).max(255) });

export const domainRoutes: readonly Route[] = [
  route(['GET', '/domains', 'listDomains'], {
    summary:
      'Lists our domains: selectors of the keys that sign, and what the DNS said when it was asked last.',
    answer: shapes.domainList,
    paging: { place: z.string().max(255), limit: { usual: 100, most: 500 } },
    carryOut: (as, { after, max }) =>
      as.listDomains({ max, ...(after === undefined ? {} : { after: after as string }) }),
  }),
  route(['GET', '/domains/{domain}', 'showDomain'], {
    summary:
      'Records as they should be, beside what the DNS said when it was asked last; the keys that sign.',
    params: ofDomain,
    answer: shapes.domain,
    carryOut: (as, { params }) => as.showDomain(params),
  }),
  route(['POST', '/domains/{domain}/check', 'checkDomain'], {
    summary: 'Asks the DNS, within ten seconds; what was asked less than ten seconds ago is given as it is.',
    params: ofDomain,
    answer: shapes.domain,
    carryOut: (as, { params }) => as.checkDomain(params),
  }),
  route(['GET', '/domains/{domain}/selectors/{selector}', 'lookUpSelector'], {
    summary: 'Asks the DNS what is published under a selector, whether a key of ours has it or not.',
    params: ofDomain.extend({ selector: z.string().min(1).max(63) }),
    query: z.strictObject({
      record: z.string().max(2000).optional().meta({ description: 'What it should be.' }),
    }),
    answer: shapes.selectorLook,
    carryOut: (as, { params, query: { record } }) =>
      as.lookUpSelector({ ...params, ...(record === undefined ? {} : { record }) }),
  }),
  route(['GET', '/accounts/{login}/sheet', 'accountSheet'], {
    summary: 'What an account enters in its mail program. No password stands in it.',
    params: ofAccount,
    answer: shapes.sheet,
    carryOut: (as, { params }) => as.accountSheet(params),
  }),
];
