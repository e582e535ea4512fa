// The flow of mail as a picture: what was accepted as bars upwards, what did not go through as bars downwards; the same as a table beneath. Drawn here, so that it is there without a
// script. The picture is stretched to its place: words stand beside it, not in it.

import { html } from 'hono/html';
import { type FlowCounts, flowKinds, type FlowSpan } from '../server/flow.ts';
import type { Html } from './page.ts';
import { figure } from './words.ts';

export interface Chart {
  readonly id: string;
  /** What it is, for who does not see it. */
  readonly title: string;
  readonly spans: readonly FlowSpan[];
  /** In words: `minute`. */
  readonly each: string;
  /** When a span began. Absent: the time of day. */
  when?(this: void, at: number): Html;
  /** The end of the picture. */
  readonly last?: string;
}

const WIDTH = 600;
const HEIGHT = 120;
/** Of the height: what is below the line. */
const BELOW = 0.3;
const BAR = 0.72;
/** One message is no tower. */
const LEAST = 4;

export function chart({ id, title, spans, each, when = clockTime, last = 'now' }: Chart): Html {
  const troubles = spans.map(troubleOf);
  const [most, worst] = [Math.max(0, ...spans.map(({ accepted }) => accepted)), Math.max(0, ...troubles)];
  const [top, bottom] = [scaleOf(most), scaleOf(worst)];
  const label = most + worst === 0 ? `${title}: nothing was counted` : title;
  const zero = HEIGHT * (1 - BELOW);
  const step = WIDTH / spans.length;
  const bars = spans.map((span, at) => {
    const x = (at * step + (step * (1 - BAR)) / 2).toFixed(1);
    const width = (step * BAR).toFixed(1);
    const up = (span.accepted / top) * zero;
    const down = ((troubles[at] ?? 0) / bottom) * HEIGHT * BELOW;
    return html`${up > 0 ? bar('bar-accepted', x, zero - up, width, up) : ''}${down > 0 ? bar('bar-trouble', x, zero, width, down) : ''}`;
  });
  const [first] = spans;
  return html`<figure class="chart">
      <figcaption>
        <span class="key">accepted each ${each}</span>
        <span class="key trouble">deferred, failed or refused</span>
      </figcaption>
      <span class="scale" aria-hidden="true"
        ><span>${most === 0 ? '' : figure(top)}</span><span>${worst === 0 ? '' : figure(bottom)}</span></span
      >
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
        <path
          d="M0 ${zero}H${WIDTH}"
          stroke="currentColor"
          stroke-opacity="0.3"
          vector-effect="non-scaling-stroke"
        />
        ${bars}
      </svg>
      <span class="axis" aria-hidden="true"><span>${when(first?.at ?? 0)}</span><span>${last}</span></span>
    </figure>
    <details id="${id}-table">
      <summary>As a table</summary>
      ${tableOf(title, spans, when)}
    </details>`;
}

function bar(kind: string, x: string, y: number, width: string, height: number): Html {
  const shown = Math.max(height, 1);
  return html`<rect
    class="${kind}"
    x="${x}"
    y="${y.toFixed(1)}"
    width="${width}"
    height="${shown.toFixed(1)}"
  />`;
}

/** Those in which anything was counted, the newest first. */
function tableOf(title: string, spans: readonly FlowSpan[], when: (at: number) => Html): Html {
  const told = spans.filter((span) => flowKinds.some((kind) => span[kind] > 0)).toReversed();
  if (told.length === 0) return html`<p class="empty">Nothing was counted.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}, as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">From</th>
          ${flowKinds.map((kind) => html`<th scope="col" class="number">${kind}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${told.map(
          (span) =>
            html`<tr>
              <th scope="row">${when(span.at)}</th>
              ${flowKinds.map((kind) => html`<td class="number">${figure(span[kind])}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const troubleOf = ({ deferred, failed, refused }: FlowCounts): number => deferred + failed + refused;

/** What is empty has one too, and no figure beside it. */
const scaleOf = (most: number): number => niceAbove(Math.max(LEAST, most));

/** 1, 2, 4, 5 or 8 times a power of ten. */
export function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function clockTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" data-clock>${iso.slice(11, 16)} UTC</time>`;
}
