// Set up a device: what to enter where, for the programs that people have, and files for those that read one.

import { html } from 'hono/html';
import { UseCaseFailure } from '../../../administration/failure.ts';
import type { MySettings } from '../../../administration/my-settings.ts';
import type { ProgramSteps } from '../../../onboarding/programs.ts';
import type { Sheet } from '../../../onboarding/sheet.ts';
import type { Act, Asked, Html, Page } from '../../page.ts';
import { tokenField } from '../../token-field.ts';

const PATH = '/me/setup';

export const mySetup: Page = {
  path: PATH,
  title: 'Set up a device',
  inMenu: true,
  ofOneself: true,
  needs: ['mySettings'],
  async show(asked) {
    const settings = await asked.administration().mySettings();
    return html`<h1>Set up a device</h1>
      <p>
        Each device gets a password of its own, so that you can revoke one without touching the others:
        <a href="/me/devices">make an app password</a> first.
      </p>
      ${sheetCard(settings.sheet)} ${files(asked, settings)} ${programs(settings)}`;
  },
};

/** What a form asks for, by the field of the settings that holds it. */
const fileKinds = {
  mobileconfig: {
    ...{ file: 'mail.mobileconfig', type: 'application/x-apple-aspen-config' },
    words: 'Profile for iPhone, iPad and Mac',
  },
  autoconfig: {
    ...{ file: 'config-v1.1.xml', type: 'text/xml; charset=utf-8' },
    words: 'Settings for Thunderbird and its kin',
  },
} as const;

type FileKind = keyof typeof fileKinds;

const isFileKind = (text: string | null): text is FileKind => text !== null && Object.hasOwn(fileKinds, text);

function files({ session }: Asked, settings: MySettings): Html {
  const kinds = Object.keys(fileKinds).filter(
    (kind): kind is FileKind => isFileKind(kind) && settings[kind] !== undefined,
  );
  if (kinds.length === 0) return html``;
  return html`<section class="card">
    <h2>As a file</h2>
    <p>For programs that read one. Open it on the device itself; it asks for the password.</p>
    <form method="post" action="${PATH}" class="row">
      ${tokenField(session.formToken)}
      ${kinds.map((kind) => html`<button name="file" value="${kind}">${fileKinds[kind].words}</button>`)}
    </form>
  </section>`;
}

export const mySetupFile: Act = {
  path: PATH,
  async carryOut({ administration }, form) {
    const kind = form.get('file');
    const text = isFileKind(kind) ? (await administration().mySettings())[kind] : undefined;
    if (!isFileKind(kind) || text === undefined)
      throw new UseCaseFailure('there is no such file for your account', 'usage');
    const { file, type } = fileKinds[kind];
    return { file, type, pieces: piecesOf(text) };
  },
};

async function* piecesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

export function sheetCard({ sections, notes }: Sheet): Html {
  return html`<section class="card">
    ${sections.map(
      ({ title, rows }) =>
        html`<h2>${title}</h2>
          <dl class="facts">
            ${rows.map(
              ([name, value]) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd>`,
            )}
          </dl>`,
    )}
    ${
      sections.length === 0
        ? html`<p class="empty">
            This server has no port that mail programs could use: ask its administrator.
          </p>`
        : notes.map((note) => html`<p class="soft small">${note}</p>`)
    }
  </section>`;
}

function programs({ programs: all }: MySettings): Html {
  return html`${all.map(
    ({ program, steps, file }: ProgramSteps) =>
      html`<details class="card">
        <summary>${program}</summary>
        <div class="stack">
          <ol class="steps">
            ${steps.map((step) => html`<li>${step}</li>`)}
          </ol>
          ${
            file === undefined
              ? ''
              : html`<p><code>${file.name}</code></p>
                  <pre tabindex="0"><code>${file.lines.map((line) => `${line}\n`).join('')}</code></pre>`
          }
        </div>
      </details>`,
  )}`;
}
