// The fresh proof of who is in a session (`../administration/fresh-proof.ts`): asked for in between, with what was asked for kept in the form, and taken from the form before the act
// is carried out. Whoever proves it gets another cookie.

import type { AdministrationPorts } from '../administration/ports.ts';
import { secondFactorsOf } from '../administration/second-factor.ts';
import { withCredentials } from '../store/shown-identity.ts';
import type { Client } from './client.ts';
import type { Entrance } from './entrance.ts';
import { nextOf } from './next.ts';
import type { Act, Html } from './page.ts';
import { ANSWER, CODE, FOR, LINK, type ProofAsked, proofPage } from './pages/fresh-proof.ts';
import type { Given, SecondStep } from './second-step.ts';
import type { Begun, Proof, Session, Sessions } from './sessions.ts';

/** Where a page goes on that takes a proof; an act goes on where it is. */
export const proveForPage: Act = {
  path: '/prove',
  carryOut: (_asked, form) => Promise.resolve({ to: nextOf(form.get('next') ?? ''), notice: '' }),
};

/** What was asked for, by a form or by the address of a page. */
export type AskedFor = { readonly act: string; readonly form: URLSearchParams } | { readonly page: string };

/** For what, and why the proof before did not count. */
export interface Asking {
  readonly useCase: string;
  readonly words?: string;
}

export interface FreshProof {
  /** The page that asks. */
  ask(session: Session, asking: Asking, of: AskedFor): Promise<Html>;
  /** What proves it leaves the form. Undefined: nothing in it does. `over`: so is the session. */
  take(session: Session, form: URLSearchParams, client: Client): Promise<Begun | Asking | 'over' | undefined>;
}

export function freshProof({
  administration: { lookups },
  ...o
}: {
  readonly administration: Pick<AdministrationPorts, 'lookups'>;
  readonly sessions: Pick<Sessions, 'prove'>;
  readonly secondStep: Pick<SecondStep, 'passkey' | 'judge'>;
  readonly entrance: Pick<Entrance, 'takesLink'>;
}): FreshProof {
  async function byOf(session: Session): Promise<ProofAsked['by']> {
    const { who, identityId } = session.actor;
    const shown = identityId === undefined ? undefined : await lookups.identityById(identityId);
    if (shown === undefined) return { command: 'postern console link' };
    const hasFactor = secondFactorsOf(withCredentials(shown)).includes('totp');
    return hasFactor
      ? { passkey: await o.secondStep.passkey(shown.id, askerOf(session)) }
      : { command: `postern console link ${who}` };
  }

  async function judge(session: Session, given: Fields, client: Client): Promise<Judged> {
    const { link, code, answer } = given;
    if (link !== null) return o.entrance.takesLink(session, link) ? { proof: 'link' } : { words: WRONG_LINK };
    const { identityId } = session.actor;
    if (identityId === undefined) return { words: WRONG_LINK };
    return o.secondStep.judge({ identityId, asker: askerOf(session) }, { code, answer }, client);
  }

  return {
    async ask(session, asking, of) {
      const { formToken } = session;
      const by = await byOf(session);
      if ('page' in of)
        return proofPage({
          ...{ ...asking, by, formToken, action: proveForPage.path, fields: [['next', of.page]] },
        });
      const fields = [...of.form].filter(([name]) => name !== 'token');
      return proofPage({ ...asking, by, formToken, action: of.act, fields });
    },
    async take(session, form, client) {
      const [link, code, answer] = [form.get(LINK), form.get(CODE), form.get(ANSWER)];
      const useCase = form.get(FOR) ?? '';
      for (const name of [LINK, CODE, ANSWER, FOR]) form.delete(name);
      if (link === null && code === null && answer === null) return undefined;
      const judged = await judge(session, { link, code, answer }, client);
      if ('words' in judged) return { useCase, ...judged };
      return (await o.sessions.prove(session, judged.proof, client)) ?? 'over';
    },
  };
}

interface Fields extends Given {
  readonly link: string | null;
}

type Judged = { readonly proof: Proof } | { readonly words: string };

/** Of a passkey, apart from what else this session asks one for. */
const askerOf = ({ name }: Session): string => `proof of ${name}`;

const WRONG_LINK =
  'This link does not count here: it was made for somebody else, it was used already, or it is older than ten minutes.';
