// The report as one HTML page that stands by itself: to be handed to a colleague, read on a phone, printed. No script, nothing is fetched, and what
// a server said is escaped.

import { xmlText } from '../onboarding/xml.ts';
import type { CheckReport, Finding, ProbeReport } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --good: #18794e; --bad: #c62a2f; --dim: #7a7a7a }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
article { border-top: 1px solid var(--line); padding: .6rem 0 }
.verdict { font-weight: 600 } .pass, .conformant, .free { color: var(--good) } .fail, .not, .blocked { color: var(--bad) } .dim { color: var(--dim) }
p { margin: .2rem 0 } code, pre { font: 13px/1.4 ui-monospace, monospace } pre { overflow-x: auto; white-space: pre-wrap }
details { margin: .3rem 0 }`;

export function htmlReport(report: ProbeReport): string {
  const { host, verdict, roles, paths, checks, transcripts } = report;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    `<title>${xmlText(`${host}: ${verdict}`)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body>`,
    `<h1>${xmlText(host)}: ${marked(verdict)}</h1>`,
    `<p class="dim">Mail submission (RFC 5068, BCP 134), probed ${new Date(report.startedAt).toISOString()} in ${(report.durationMs / 1000).toFixed(1)} s over ${report.connections} connections.</p>`,
    ...roles.map(
      (one) => `<p><b>${one.role.toUpperCase()}</b> ${marked(one.verdict)}: ${xmlText(one.because)}</p>`,
    ),
    '<h2>The way there</h2>',
    ...paths.map(
      (one) =>
        `<article><p><b>${one.port}</b> over IPv${one.family}: ${marked(one.verdict, one.state)}</p><p>${xmlText(one.because)}</p></article>`,
    ),
    '<h2>The server</h2>',
    ...checks.filter(({ findings }) => findings.length > 0).map(article),
    '<h2>What was said</h2>',
    ...transcripts.map(
      ({ name, lines }) =>
        `<details><summary>${xmlText(name)}</summary><pre>${lines.map(({ by, text }) => `${{ client: 'C:', server: 'S:', note: '--' }[by]} ${xmlText(text)}`).join('\n')}</pre></details>`,
    ),
    '</body></html>\n',
  ].join('\n');
}

function article({ title, level, source, why, mend, findings }: CheckReport): string {
  const isBad = findings.some(({ verdict }) => verdict === 'fail');
  const mends = Object.entries(mend).map(
    ([server, how]) => `<p><b>${server}</b>: <code>${xmlText(String(how))}</code></p>`,
  );
  return [
    `<article><p><b>${xmlText(title)}</b> <span class="dim">${level}, ${xmlText(source)}</span></p>`,
    ...findings.map(finding),
    ...(isBad ? [`<p>${xmlText(why)}</p>`, ...mends] : []),
    '</article>',
  ].join('\n');
}

function finding({ port, verdict, seen }: Finding): string {
  return `<p>${marked(verdict)}${port === undefined ? '' : ` ${port}`}: ${xmlText(seen)}</p>`;
}

function marked(verdict: string, text = verdict): string {
  return `<span class="verdict ${verdict.split(' ')[0]}">${xmlText(text)}</span>`;
}
