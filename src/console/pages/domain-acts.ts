// What the forms of the page of a domain do: the DNS is asked, one selector is looked up, a sheet is given.

import { html } from 'hono/html';
import { sheetHtml } from '../../onboarding/sheet.ts';
import { rotation } from '../key-rotation.ts';
import type { Act } from '../page.ts';
import { pageOf } from '../words.ts';

export const checkDomain: Act = {
  path: '/domains/check',
  async carryOut({ administration }, form) {
    const { domain } = await administration().checkDomain({ domain: form.get('domain') ?? '' });
    return { to: pageOf('/domains/domain', { name: domain }), notice: 'The DNS was asked.' };
  },
};

export const lookUpSelector: Act = {
  path: '/domains/selector',
  async carryOut(asked, form) {
    const named = { domain: form.get('domain') ?? '' };
    const record = (form.get('record') ?? '').trim();
    const administration = asked.administration();
    const [shown, look] = await Promise.all([
      administration.showDomain(named),
      administration.lookUpSelector({
        ...{ ...named, selector: form.get('selector') ?? '' },
        ...(record === '' ? {} : { record }),
      }),
    ]);
    return {
      title: shown.domain,
      content: html`<h1>${shown.domain}</h1>
        <p><a href="${pageOf('/domains/domain', { name: shown.domain })}">All of ${shown.domain}</a></p>
        ${rotation(asked, shown, look)}`,
    };
  },
};

export const saveSheet: Act = {
  path: '/domains/sheet',
  async carryOut({ administration }, form) {
    const sheet = await administration().accountSheet({ login: (form.get('login') ?? '').trim() });
    return { file: 'mail-settings.html', pieces: octetsOf(sheetHtml(sheet)) };
  },
};

async function* octetsOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
