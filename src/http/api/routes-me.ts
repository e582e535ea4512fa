// Paths about the account of the token itself, whatever its role: they reach nobody else, and leave no record of a look.

import { z } from 'zod';
import { rightText } from '../../administration/right-text.ts';
import { route, type Route } from './route.ts';
import * as own from './shapes-me.ts';
import * as shapes from './shapes.ts';

export const ownRoutes: readonly Route[] = [
  route(['GET', '/me', 'myAccount'], {
    summary: 'Your own account: devices, limits with what is used of them, as whom you may send.',
    answer: own.myAccount,
    async carryOut(as) {
      const { rights, ...account } = await as.myAccount();
      return { ...account, rights: rights.map((right) => ({ kind: right.kind, right: rightText(right) })) };
    },
  }),
  route(['GET', '/me/mail', 'myMail'], {
    summary:
      'What you have sent and what became of it, newest first. A page may be empty while there is `next`.',
    query: z.strictObject({
      to: z.string().max(320).optional().meta({ description: 'A part of the address of a recipient.' }),
    }),
    answer: own.myMail,
    paging: { place: z.string().max(1000), limit: { usual: 20, most: 100 } },
    carryOut: (as, { query: { to }, after, max }) =>
      as.myMail({
        max,
        ...(to === undefined ? {} : { to }),
        ...(after === undefined ? {} : { after: after as string }),
      }),
  }),
  route(['GET', '/me/mail/{id}', 'myMessage'], {
    summary: 'One message that you have sent, and what happened to it.',
    params: shapes.ofMessage,
    answer: own.myMessage,
    carryOut: (as, { params }) => as.myMessage(params),
  }),
  route(['POST', '/me/mail/{id}/undo', 'undoMessage'], {
    summary:
      'Takes back a message that you have sent, for all its recipients. Only within its undo window, before it leaves: else 409.',
    params: shapes.ofMessage,
    answer: own.undone,
    carryOut: (as, { params }) => as.undoMessage(params),
  }),
  route(['PUT', '/me/undo-window', 'setMyUndoWindow'], {
    summary: 'So long what you send waits before it leaves, to be taken back: from then on.',
    body: shapes.undoWindow.pick({ undoSeconds: true }),
    answer: shapes.undoWindow,
    carryOut: (as, { body }) => as.setMyUndoWindow(body),
  }),
  route(['GET', '/me/settings', 'mySettings'], {
    summary: 'What to enter in a mail program, and files for programs that read one. No password is in it.',
    answer: own.mySettings,
    carryOut: (as) => as.mySettings(),
  }),
  route(['POST', '/me/app-passwords', 'addMyAppPassword'], {
    summary: 'Makes an app password for a device of yours. Each has a label of its own.',
    body: z.strictObject({ label: shapes.label, expiresIn: shapes.lifetime }),
    answer: shapes.madeAppPassword,
    carryOut: (as, { body: { label, expiresIn } }) =>
      as.addMyAppPassword({ label, ...(expiresIn === undefined ? {} : { lifetimeMs: expiresIn }) }),
  }),
  route(['DELETE', '/me/credentials/{credential}', 'revokeMine'], {
    summary: 'Revokes an app password or a token of yours, by its id.',
    params: z.strictObject({ credential: shapes.label }),
    answer: own.revokedMine,
    carryOut: (as, { params }) => as.revokeMine(params),
  }),
  route(['GET', '/me/sessions', 'mySessions'], {
    summary: 'Where you are signed in to the console.',
    answer: own.mySessions,
    carryOut: (as) => as.mySessions(),
  }),
  route(['DELETE', '/me/sessions/{session}', 'endMySession'], {
    summary: 'Ends a session of yours, at once and on every node.',
    params: z.strictObject({ session: shapes.sessionName }),
    answer: own.endedSession,
    carryOut: (as, { params }) => as.endMySession(params),
  }),
  route(['POST', '/me/suspend', 'suspendMyself'], {
    summary:
      'Stops your own account at once, if somebody else has it; this token ends too. Only an operator lets it go on.',
    answer: shapes.accountState,
    carryOut: (as) => as.suspendMyself(),
  }),
];
