// Paths about the trail: who sent this, its events and links, its verification, who looked.

import { z } from 'zod';
import { Problem } from './problem.ts';
import { route, type Route } from './route.ts';
import * as shapes from './shapes.ts';

const verification: readonly Route[] = [
  route(['POST', '/trail/verification', 'startVerification'], {
    summary:
      'Begins to verify the trail: chains, contents, words of the index, the queue. It goes on by itself; one at a time.',
    body: z.strictObject({
      expect: z
        .string()
        .max(64)
        .optional()
        .meta({ description: 'A last link that was kept elsewhere: it must be in a chain.' }),
    }),
    answer: shapes.verification,
    carryOut: (as, { body: { expect } }) => as.startVerification(expect === undefined ? {} : { expect }),
  }),
  route(['GET', '/trail/verification', 'showVerification'], {
    summary: 'How far the verification is, and what it found. Kept until the next one, or a restart.',
    answer: shapes.verification,
    carryOut: (as) => as.showVerification(),
  }),
  route(['DELETE', '/trail/verification', 'stopVerification'], {
    summary: 'Stops the verification.',
    answer: shapes.verification,
    carryOut: (as) => as.stopVerification(),
  }),
];

export const trailRoutes: readonly Route[] = [
  route(['GET', '/trace', 'traceWords'], {
    summary: 'Who sent this? Newest first. Recorded in the trail.',
    query: z.strictObject({
      q: z.string().min(1).max(1000).meta({
        description:
          'An id, a label of `Received`, a Message-ID, an address, a login, or a pasted header line.',
      }),
      since: shapes.moment.optional(),
      until: shapes.moment.optional(),
      client: z
        .union([z.ipv4(), z.ipv6()])
        .optional()
        .meta({ description: 'Only from this client address.' }),
    }),
    answer: z.object(shapes.traced),
    paging: { place: z.string().max(1000), limit: { usual: 20, most: 100 } },
    takesReason: true,
    async carryOut(as, { query: { q, since, until, client }, after, max }) {
      const range = {
        max,
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(client === undefined ? {} : { clientAddress: client }),
        ...(after === undefined ? {} : { after: after as string }),
      };
      const found = await as.traceWords({ words: q, range });
      if (found === undefined) throw new Problem('invalid', '`q` names nothing that could be looked for');
      const { answer, identities } = found;
      const { messages, refusals, next } = answer;
      return { identities, messages, refusals, next };
    },
  }),
  route(['GET', '/trail', 'trailEnds'], {
    summary:
      'How far each chain of the trail has come, with its last link: kept elsewhere, it shows later that nothing was changed.',
    answer: shapes.trailEnds,
    carryOut: async (as) => ({ chains: await as.trailEnds() }),
  }),
  route(['GET', '/trail/events', 'exportTrail'], {
    summary:
      'Events of the trail, oldest first, one JSON object a line, each with the cursor to go on after it. Recorded in the trail.',
    query: z.strictObject({
      after: z
        .string()
        .max(1000)
        .optional()
        .meta({ description: '`cursor` of the last event that was read.' }),
      login: shapes.login.optional(),
    }),
    answer: 'application/jsonl',
    takesReason: true,
    carryOut: (as, { query: { after, login } }) =>
      as.exportTrail({
        ...(after === undefined ? {} : { after }),
        ...(login === undefined ? {} : { login }),
      }),
  }),
  route(['GET', '/trail/looks', 'listLooks'], {
    summary:
      'The access record, newest first: who looked at what and why, who came into the console. Recorded in the trail.',
    query: z.strictObject({
      who: z.string().min(1).max(320).optional().meta({
        description: 'A user or a login, or as the trail names them: `root (console)`.',
      }),
      since: shapes.moment.optional(),
      until: shapes.moment.optional(),
    }),
    answer: shapes.looks,
    paging: { place: z.string().max(100), limit: { usual: 100, most: 500 } },
    takesReason: true,
    carryOut: (as, { query: { who, since, until }, after, max }) =>
      as.listLooks({
        max,
        ...(who === undefined ? {} : { who }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(after === undefined ? {} : { after: after as string }),
      }),
  }),
  ...verification,
];
