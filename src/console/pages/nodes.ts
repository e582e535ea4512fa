// The nodes that share a store: who is there, since when, as what, and what they have configured differently.

import { html } from 'hono/html';
import { spanWords } from '../../base/span.ts';
import { differenceInWords } from '../../server/alike.ts';
import type { ShownNode } from '../../server/cluster.ts';
import type { ConsoleCondition } from '../condition.ts';
import { state } from '../fate.ts';
import type { Html } from '../page.ts';
import { tableHead } from '../table-head.ts';
import { ago } from '../words.ts';

export function nodesOf({ health: { nodes = [], differences = [] } }: ConsoleCondition, now: number): Html {
  return html`<section class="card">
    <h2>Nodes</h2>
    ${
      nodes.length === 0
        ? html`<p class="empty">The store is this server's own, or can't be asked now.</p>`
        : html`<table class="rows">
            ${tableHead('Node', 'State', 'Lease', 'Runs for', 'Version', 'Roles', 'Incarnation')}
            <tbody>
              ${nodes.map((node) => row(node, now))}
            </tbody>
          </table>`
    }
    ${differences.map((one) => html`<p><b>Configured differently:</b> ${differenceInWords(one)}</p>`)}
  </section>`;
}

function row(node: ShownNode, now: number): Html {
  const { roles, version, startedAt, isThis, isLeaving, leaseLeftMs, incarnation } = node;
  const isThere = node.state === 'alive' || node.state === 'away';
  const lease = `${leaseLeftMs > 0 ? 'ends in' : 'ended'} ${Math.round(Math.abs(leaseLeftMs) / 1000)} s${leaseLeftMs > 0 ? '' : ' ago'}`;
  return html`<tr>
    <td data-name="Node"><span>${node.node}${isThis === true ? ' (this one)' : ''}</span></td>
    <td data-name="State">
      <span>${isLeaving === true && isThere ? state('wait', 'about to stop') : states[node.state]}</span>
    </td>
    <td data-name="Lease">
      <span title="${spanWords(Math.abs(leaseLeftMs))}">${isThere ? lease : 'over'}</span>
    </td>
    <td data-name="Runs for">
      <span>${startedAt === undefined || !isThere ? '' : ago(startedAt, now)}</span>
    </td>
    <td data-name="Version"><span>${version ?? 'not said yet'}</span></td>
    <td data-name="Roles"><span>${roles?.join(', ') ?? ''}</span></td>
    <td data-name="Incarnation"><span class="id soft">${incarnation}</span></td>
  </tr>`;
}

const states: Readonly<Record<ShownNode['state'], Html>> = {
  alive: state('good', 'alive'),
  away: state('wait', 'away'),
  gone: state('fail', 'gone: another took over'),
  stopped: state('none', 'stopped'),
};
