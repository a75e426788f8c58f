import { summaryLine } from '../output/summary.js';
import { type Html, html, raw } from './html.js';
import { healthSections, overallHeadline, overallSeverity } from './page-health.js';
import { webhooksSection } from './page-webhooks.js';
import { badge, RUN_SEVERITY, SEVERITY_COLORS, type Severity } from './severity.js';
import type { RunResultKind, RunSnapshot, StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { durationText, roughly, timeTag } from './time-text.js';
import type { View } from './view.js';

/**
 * The status page: one document that loads nothing else and runs nothing, so that the strictest policy fits it.
 * Its one style element holds exactly STYLE, whose hash the server's policy names. Links are relative: a proxy may put
 * it under any path.
 */
export function statusPage(snapshot: StatusSnapshot, view: View): string {
  const headline = overallHeadline(snapshot);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${headline} · copernica-webhooks</title>
<link rel="icon" href="${icon(overallSeverity(snapshot))}">
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#webhooks">Skip to the webhooks</a>
<header class="top">
<p class="brand">copernica-webhooks <span class="muted">${snapshot.version}</span></p>
<p class="muted">As of ${timeTag(snapshot.at)} UTC <a class="reload" href="">Reload</a></p>
</header>
<main>
${healthSections(snapshot)}
${webhooksSection(snapshot, view)}
${runsSection(snapshot)}
</main>
${footer(snapshot)}
</body>
</html>
`.html;
}

/** Of all accounts together. */
const MOST_RUNS_SHOWN = 20;

const RESULT_TEXTS: Readonly<Record<RunResultKind, string>> = {
  ok: 'Done',
  partial: 'In part',
  refused: 'Refused',
  failed: 'Failed',
  'manifest-broken': 'No manifest',
};

/** The last runs, the newest first. */
function runsSection(snapshot: StatusSnapshot): Html {
  const several = snapshot.accounts.length > 1;
  const runs = snapshot.accounts
    .flatMap(({ name, runs }) => runs.map((run) => ({ account: name, run })))
    .sort((a, b) => Date.parse(b.run.startedAt) - Date.parse(a.run.startedAt))
    .slice(0, MOST_RUNS_SHOWN);
  return html`<section aria-labelledby="runs-title">
<h2 id="runs-title">Last runs</h2>
${runs.length === 0 ? html`<p class="empty">None has ended yet.</p>` : runsTable(runs, several)}
</section>`;
}

function runsTable(
  runs: readonly { readonly account: string | null; readonly run: RunSnapshot }[],
  several: boolean,
): Html {
  return html`<table role="table" class="runs">
<caption>The last runs, the newest first</caption>
<thead role="rowgroup"><tr role="row">${several && html`<th role="columnheader" scope="col">Account</th>`}<th role="columnheader" scope="col">Started</th><th role="columnheader" scope="col">Because of</th><th role="columnheader" scope="col">Result</th><th role="columnheader" scope="col">Took</th><th role="columnheader" scope="col">Changes</th></tr></thead>
<tbody role="rowgroup">
${runs.map(({ account, run }) => runRow(run, several ? (account ?? '') : null))}
</tbody>
</table>`;
}

function runRow(run: RunSnapshot, account: string | null): Html {
  return html`<tr role="row">${account !== null && cell('Account', html`${account}`)}<th role="rowheader" scope="row">${timeTag(run.startedAt)}</th>
${cell('Because of', html`${run.triggers.join(', ')}`)}
${cell('Result', badge(RUN_SEVERITY[run.result], RESULT_TEXTS[run.result]))}
${cell('Took', html`${durationText(run.durationMs)}`, 'number')}
${cell('Changes', html`<div>${changes(run)}</div>`)}</tr>
`;
}

function changes({ counts, notDone, changes: made, problems }: RunSnapshot): Html {
  if (counts === null) return html`<p class="error">${problems[0]?.message ?? 'nothing was tried'}</p>`;
  const names = made.map(({ name, action, result }) => `${action} ${name}${result === 'done' ? '' : ` (${result})`}`);
  const all = Object.entries(counts).reduce(
    (sum, [action, count]) => (action === 'none' || action === 'orphaned' ? sum : sum + count),
    notDone,
  );
  const more = all > made.length ? [`${all - made.length} more`] : [];
  const summary = all > 0 && all === notDone ? '' : summaryLine(counts, 'done');
  const rest = notDone > 0 ? `${notDone} not done` : '';
  return html`${[summary, rest].filter((text) => text !== '').join(', ')}${names.length > 0 && html`<p class="muted">${[...names, ...more].join(', ')}</p>`}`;
}

function cell(title: string, content: Html, kind: '' | 'number' = ''): Html {
  return html`<td role="cell" data-title="${title}" class="${kind}">${content}</td>`;
}

function footer({ startedAt, at, ready }: StatusSnapshot): Html {
  const up = roughly(Date.parse(at) - Date.parse(startedAt));
  return html`<footer class="muted">
<p>Running for ${up}, ${ready ? 'ready' : 'not ready'}. Times are UTC.</p>
<nav aria-label="For machines"><a href="status.json">status.json</a> <a href="metrics">metrics</a> <a href="healthz">healthz</a> <a href="readyz">readyz</a></nav>
</footer>`;
}

/** A dot in the tab, in the colour of how it is. */
function icon(severity: Severity): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="${SEVERITY_COLORS[severity]}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
