// What stands around each page: head, menu, who is signed in.

import { html } from 'hono/html';
import type { Assets } from './assets.ts';
import type { Html, Page } from './page.ts';
import { OWN_SIGN_IN } from './pages/own-forms.ts';
import type { Session } from './sessions.ts';
import { tokenField } from './token-field.ts';

export interface Frame {
  readonly assets: Assets;
  readonly hostname: string;
  readonly title: string;
  readonly content: Html;
  /** Of the page, to be marked in the menu. */
  readonly path?: string;
  readonly menu?: readonly Page[];
  /** Undefined: nobody is signed in. */
  readonly session?: Session;
  /** What the act before came to. */
  readonly notice?: string | undefined;
}

export function frame({ assets, hostname, title, content, path, menu = [], session, notice }: Frame): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${hostname} · Postern</title>
        <link rel="icon" href="${assets.icon.path}" />
        <link rel="stylesheet" href="${assets.style.path}" />
        <script type="module" src="${assets.script.path}"></script>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header class="top">
          <a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Postern</a>
          <span class="host">${hostname}</span>
          ${session === undefined ? '' : whoIsIn(session)}
        </header>
        ${session === undefined ? '' : menuOf(menu, path)}
        <main id="main" tabindex="-1">
          ${notice === undefined ? '' : html`<p class="notice" role="status">${notice}</p>`} ${content}
        </main>
      </body>
    </html> `;
}

function menuOf(menu: readonly Page[], path: string | undefined): Html {
  return html`<nav class="menu" aria-label="Pages">
    ${menu.map(
      (page) =>
        html`<a
          href="${page.path}"
          ${page.ofOneself === true ? html`class="own"` : ''}
          ${page.path === path ? html`aria-current="page"` : ''}
          >${page.title}</a
        >`,
    )}
  </nav>`;
}

function whoIsIn({ actor, formToken }: Session): Html {
  return html`<form class="leave" method="post" action="/sign-out">
    ${
      actor.identityId === undefined
        ? html`<span class="who">${actor.who}</span>`
        : html`<a class="who" href="${OWN_SIGN_IN}">${actor.who}</a>`
    }
    ${tokenField(formToken)}
    <button class="plain">Sign out</button>
  </form>`;
}
