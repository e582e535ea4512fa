// Stop my account: for who sees that somebody else has it. It asks first, and says who lets it go on.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../../administration/failure.ts';
import type { Act, Page } from '../../page.ts';
import { STOP } from './devices.ts';
import { tokenField } from '../../token-field.ts';

export const stopPage: Page = {
  path: STOP,
  title: 'Stop my account',
  ofOneself: true,
  needs: ['suspendMyself'],
  show: ({ session }) =>
    html`<section class="gate">
      <h1>Stop ${session.actor.who}?</h1>
      <p>
        Nothing is sent with your account any more: devices are cut off, mail that waits is held, and you are
        signed out here. Mail to you still comes in.
        <strong>Only your administrator can let it go on.</strong>
      </p>
      <form method="post" action="${STOP}" class="row">
        ${tokenField(session.formToken)}
        <button class="bad" name="sure" value="yes">Stop my account now</button>
        <a class="button" href="/me/devices">Leave it as it is</a>
      </form>
    </section>`,
};

export const stopMyAccount: Act = {
  path: STOP,
  async carryOut({ administration }, form) {
    if (form.get('sure') !== 'yes') throw new UseCaseFailure('say that you are sure', 'usage');
    const { login } = await administration().suspendMyself();
    return {
      title: 'Your account is stopped',
      content: html`<section class="gate">
        <h1>Your account is stopped</h1>
        <p>
          ${login} sends nothing any more. Call your administrator: he sees in the trail what was sent, and
          lets the account go on when it is yours again.
        </p>
      </section>`,
    };
  },
};
