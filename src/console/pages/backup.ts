// A copy of the store for who may have all of it: a form on the page of the server, and the file that it gives.

import { html } from 'hono/html';
import { noBackupBecause } from '../../administration/backup.ts';
import { capital } from '../words.ts';
import type { Act, Asked, Html } from '../page.ts';
import { reasonField } from '../reason-field.ts';
import { tokenField } from '../token-field.ts';

export function backupForm({ may, config, session }: Asked): Html {
  if (!may('backUp')) return html``;
  const because = noBackupBecause({ config });
  return html`<section class="card">
    <h2>Backup</h2>
    ${
      because === undefined
        ? html`<p>
              Accounts with the hashes of their passwords, queue and trail in one file, for
              <code>postern restore</code>; the configuration, certificates and keys are files of yours.
            </p>
            <form method="post" action="/server/backup" class="row">
              ${tokenField(session.formToken)} ${reasonField({ isRequired: true })}
              <button>Make a copy, and save it</button>
            </form>`
        : html`<p>${capital(because)}.</p>`
    }
  </section>`;
}

export const backup: Act = {
  path: '/server/backup',
  async carryOut({ administration, config, now }, form) {
    const pieces = await administration((form.get('reason') ?? '').trim()).backUp();
    return { file: `postern-${config().hostname}-${new Date(now).toISOString().slice(0, 10)}.db`, pieces };
  },
};
