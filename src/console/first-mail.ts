// For a server that has accepted nothing yet: how to send the first mail.

import { html } from 'hono/html';
import type { Config } from '../config/schema.ts';
import type { Html } from './page.ts';

export function firstMail({ listeners, hostname, domains }: Config): Html {
  const [domain = hostname] = domains;
  const login = `alice@${domain}`;
  const submission = listeners.find(({ role }) => role === 'submission');
  if (submission === undefined)
    return html`<section class="card" id="live-first">
      <h2>Nothing has been accepted yet</h2>
      <p>
        This node has no submission listener: mail comes to others, or from strangers to its own mailboxes.
      </p>
    </section>`;
  const { port, tls, address } = submission;
  const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
  const host = address === undefined || address === '0.0.0.0' || address === '::' ? hostname : address;
  const line = `curl --ssl-reqd --url ${scheme}://${host.includes(':') ? `[${host}]` : host}:${port} --user ${login}:APP-PASSWORD --mail-from ${login} --mail-rcpt bob@example.net -T message.eml`;
  return html`<section class="card" id="live-first">
    <h2>Nothing has been accepted yet: send the first mail</h2>
    <p>Make an account. Its app password is printed once:</p>
    <pre tabindex="0"><code>postern account add ${login}</code></pre>
    <p>
      Submit a message with it; a self-signed certificate needs <code>--cacert cert.pem</code> too.
      <code>npm start</code> has printed such a line with all in it.
    </p>
    <pre tabindex="0"><code>${line}</code></pre>
    <p class="soft">It shows here as soon as it was accepted.</p>
  </section>`;
}
