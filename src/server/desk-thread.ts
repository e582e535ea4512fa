// The desk thread: authentication and look-ups. It reads the store over a connection of its own, so that look-ups never hold
// up commits, checks credentials for all fronts, and so owns the only password gate, cache and guessing defence of the process.

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { networkList } from '../base/network-list.ts';
import { createAuthenticator } from '../identity/authenticator.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { type Line, openLine } from '../platform/line.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { StoreNotice } from '../store/port.ts';
import { createRemoteStore } from '../store/remote.ts';
import { lookupAnswerer } from '../store/remote-lookups.ts';
import { openSqliteLookups } from '../store/sqlite/open.ts';

export interface DeskBirth {
  readonly dataDirectory: string;
  readonly settings: DeskSettings;
}

/** Settings that a reload replaces. */
export interface DeskSettings {
  readonly domains: readonly string[];
  /** Networks that many users share by design. */
  readonly shared: readonly string[];
}

export type DeskQuestion =
  | {
      readonly authenticate: Evidence;
      readonly from: { readonly address: string; readonly sessionId: string };
    }
  | { readonly settings: DeskSettings };

/** How main connects two threads: `port` leads to a thread of that kind. */
export interface ThreadGreeting {
  readonly connect: 'store' | 'desk' | 'front' | 'main';
  readonly port: MessagePort;
}

/** Notices of a thread to main. */
export type ThreadNews = { readonly ready: true } | { readonly failed: string };

if (parentPort === null) throw new Error('this file is the entry of a thread');
const birth = workerData as DeskBirth;
let domains: ReadonlySet<string> = new Set(birth.settings.domains);
let isShared = networkList(birth.settings.shared);
const lookups = openSqliteLookups({ dataDirectory: birth.dataDirectory });
const store = createRemoteStore({
  clock: systemClock,
  stage: () => Promise.reject(new Error('the desk stages nothing')),
});
const authenticator = createAuthenticator({
  lookups,
  clock: systemClock,
  entropy: systemEntropy(),
  settings: { domains: () => domains, isShared: (address) => isShared(address) },
  // Last use is a convenience: a commit that fails is not repeated, the next use writes it again.
  note: (change) => void store.commit([change]).catch(() => undefined),
});

function serve(port: MessagePort): Line {
  const answerer = lookupAnswerer(lookups);
  port.on('close', () => answerer.close());
  return openLine(port, {
    answer(question) {
      if (answerer.isLookup(question)) return answerer.answer(question);
      const asked = question as DeskQuestion;
      if ('authenticate' in asked) return authenticator.authenticate(asked.authenticate, asked.from);
      domains = new Set(asked.settings.domains);
      isShared = networkList(asked.settings.shared);
      return true;
    },
  });
}

parentPort.on('message', ({ connect, port }: ThreadGreeting) => {
  if (connect !== 'store') {
    serve(port);
    return;
  }
  store.connect(
    openLine(port, {
      notice(notice) {
        const heard = notice as StoreNotice;
        if (heard.type === 'identityChanged') authenticator.forget(heard.identityId);
      },
    }),
  );
});
parentPort.postMessage({ ready: true });
