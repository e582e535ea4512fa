// What a front goes by: the plan of now, and what is worked out from it once. A reload replaces all of it together, or nothing if the plan can't be used.

import { configuredMailboxes } from '../identity/mailboxes.ts';
import type { Log } from '../observe/log.ts';
import type { ServerTls } from '../platform/listen.ts';
import { canonicalMailbox } from '../policy/address.ts';
import { isBarePostmaster, isRoleMailbox, postmasterOf } from '../policy/role-mailbox.ts';
import { mechanismsNamed } from '../protocol/sasl/mechanisms.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import type { SubmissionSettings } from '../submission/context.ts';
import { createSigner } from '../submission/signer.ts';
import type { FrontPlan, ListenerPlan } from './plan.ts';
import { tlsContexts } from './tls-contexts.ts';

/** Ask it each time: its members change with a reload. */
export interface FrontSettings {
  readonly plan: FrontPlan;
  readonly submission: SubmissionSettings;
  /** Addresses that exist without an account of their own. */
  readonly mailboxes: ReadonlySet<string>;
  /** Throws if no certificate is configured. */
  tls(): ServerTls;
  /** Role mailboxes go to whom the operator named; a bare postmaster belongs to our first domain. */
  ownForwardPath(forwardPath: string): string;
  /** Gives the same object until the next plan, so that what is worked out from it can be kept. */
  session(listener: ListenerPlan): () => SessionSettings;
  /** Throws if the plan can't be used; then that of before stays. */
  reload(next: FrontPlan): void;
}

interface WorkedOut {
  readonly plan: FrontPlan;
  readonly submission: SubmissionSettings;
  readonly mailboxes: ReadonlySet<string>;
  readonly tls: ServerTls | undefined;
}

export function createFrontSettings(first: FrontPlan, log: Pick<Log, 'error'>): FrontSettings {
  let now = workedOut(first, log);
  return {
    get plan() {
      return now.plan;
    },
    get submission() {
      return now.submission;
    },
    get mailboxes() {
      return now.mailboxes;
    },
    tls() {
      if (now.tls === undefined) throw new Error('no certificate is configured');
      return now.tls;
    },
    ownForwardPath: (forwardPath) => ownForwardPath(now.submission.domains, now.plan.postmaster, forwardPath),
    session({ role, tls }) {
      let from: FrontPlan | undefined;
      let made: SessionSettings | undefined;
      return () => {
        const { plan } = now;
        if (made === undefined || from !== plan)
          made = {
            ...{ role, tls, hostname: plan.hostname, ...plan.session, longLines: plan.longLines[role] },
            mechanisms: mechanismsNamed(plan.mechanisms),
          };
        from = plan;
        return made;
      };
    },
    reload(next) {
      now = workedOut(next, log);
    },
  };
}

function workedOut(plan: FrontPlan, log: Pick<Log, 'error'>): WorkedOut {
  const { certificates, ticketKeys, hostname, dkim } = plan;
  const signer = createSigner({
    keys: dkim,
    failed: (facts) => log.error(facts, 'a message could not be signed'),
  });
  return {
    plan,
    submission: { hostname, domains: new Set(plan.domains), ...plan.submission, signer },
    mailboxes: configuredMailboxes(plan.mailboxes),
    tls: certificates.length === 0 ? undefined : tlsContexts(certificates, ticketKeys),
  };
}

function ownForwardPath(
  domains: ReadonlySet<string>,
  postmaster: string | undefined,
  forwardPath: string,
): string {
  const whole = isBarePostmaster(forwardPath) ? (postmasterOf(domains) ?? forwardPath) : forwardPath;
  const mailbox = postmaster === undefined ? undefined : canonicalMailbox(whole);
  const isRole = mailbox !== undefined && domains.has(mailbox.domain) && isRoleMailbox(mailbox);
  return isRole ? (postmaster ?? whole) : whole;
}
