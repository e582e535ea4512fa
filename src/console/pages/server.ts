// Server: this node as it runs, what it is ready for, and the nodes that share its store.

import { html } from 'hono/html';
import { safe } from '../../base/safe-text.ts';
import type { ConsoleCondition } from '../condition.ts';
import { state } from '../fate.ts';
import type { Html, Page } from '../page.ts';
import { certificatesOf } from '../watched.ts';
import { backupForm } from './backup.ts';
import { nodesOf } from './nodes.ts';
import { ago, counted, figure } from '../words.ts';

export const server: Page = {
  path: '/server',
  title: 'Server',
  inMenu: true,
  needs: ['serverStatus'],
  async show(asked) {
    const { condition, config, now } = asked;
    const seen = await condition();
    const { hostname, domains, listeners } = config();
    const ports = listeners.map(({ port, role, tls }) => `${port} ${role}, ${tls}`);
    return html`<h1>Server</h1>
      <section class="card">
        <dl class="facts">
          <dt>Name</dt>
          <dd>${hostname}</dd>
          <dt>Version</dt>
          <dd>${seen.version}</dd>
          <dt>Runs for</dt>
          <dd>${ago(seen.startedAt, now)}</dd>
          <dt>Roles</dt>
          <dd>${seen.roles.join(', ')}</dd>
          <dt>Domains</dt>
          <dd>
            ${domains.slice(0, 20).join(', ')}${domains.length > 20 ? ` and ${counted(domains.length - 20, 'more', 'more')}` : ''}
          </dd>
          <dt>Listens on</dt>
          <dd>${ports.join('; ')}</dd>
          <dt>Self-test</dt>
          <dd>
            ${seen.selfTest}${seen.selfTestFindings.map((one) => html`<br /><span class="soft">${safe(one)}</span>`)}
          </dd>
          ${trailOf(seen)}
        </dl>
      </section>
      <div class="pair">${readiness(seen)} ${certificatesOf(seen, now)}</div>
      ${nodesOf(seen, now)} ${backupForm(asked)}`;
  },
};

function trailOf({ health: { trail, queue } }: ConsoleCondition): Html {
  return html`${
    queue === undefined
      ? ''
      : html`<dt>Queue</dt>
          <dd>
            ${counted(queue.messages, 'message')}${queue.limit === 'none' ? '' : `, at most ${figure(queue.limit)}`}
          </dd>`
  }
  ${
    trail === undefined
      ? ''
      : html`<dt>Trail</dt>
          <dd>${counted(trail.events, 'event')}, last link <span class="id">${trail.lastLink}</span></dd>`
  }`;
}

function readiness({ ready }: ConsoleCondition): Html {
  return html`<section class="card">
    <h2>Ready for new connections</h2>
    <ul class="fates">
      ${ready.map(
        ({ name, because }) =>
          html`<li>
            <span>${name}</span> ${because === undefined ? state('good', 'yes') : state('fail', 'no')}
            ${because === undefined ? '' : html`<span>${because}</span>`}
          </li>`,
      )}
    </ul>
  </section>`;
}
