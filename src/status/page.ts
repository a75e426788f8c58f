import { summaryLine } from '../output/summary.js';
import { VALUE_CHANGED } from '../plan/change.js';
import { roughly, tookText } from '../text/words.js';
import { type Html, html, raw } from './html.js';
import { RUN_RESULTS, type Severity } from './kinds.js';
import { healthSections, overallHeadline, overallSeverity } from './page-health.js';
import { badge, type Column, table, timeTag } from './page-parts.js';
import { webhooksSection } from './page-webhooks.js';
import type { RunSnapshot, StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
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

interface ListedRun extends RunSnapshot {
  readonly account: string | null;
}

const RUN_COLUMNS: readonly Column<ListedRun>[] = [
  { title: 'Account', cell: ({ account }) => account ?? '' },
  { title: 'Started', kind: 'head', cell: ({ startedAt }) => timeTag(startedAt) },
  { title: 'Because of', cell: ({ triggers }) => triggers.join(', ') },
  { title: 'Result', cell: ({ result }) => badge(RUN_RESULTS[result]) },
  { title: 'Took', kind: 'number', cell: ({ durationMs }) => tookText(durationMs) },
  { title: 'Changes', cell: changes },
];

/** The last runs, the newest first. */
function runsSection({ accounts }: StatusSnapshot): Html {
  const rows = accounts
    .flatMap(({ name, runs }) => runs.map((run) => ({ ...run, account: name })))
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, MOST_RUNS_SHOWN);
  const columns = accounts.length > 1 ? RUN_COLUMNS : RUN_COLUMNS.slice(1);
  const shown = { name: 'runs', caption: 'The last runs, the newest first', columns, rows };
  return html`<section aria-labelledby="runs-title">
<h2 id="runs-title">Last runs</h2>
${rows.length === 0 ? html`<p class="empty">None has ended yet.</p>` : table(shown)}
</section>`;
}

function changes({ counts, notDone, changes: made, problems }: RunSnapshot): Html {
  if (counts === null) return html`<p class="detail">${problems[0]?.message ?? 'nothing was tried'}</p>`;
  const names = made.map(({ name, action, reason, result }) => {
    const why = reason === VALUE_CHANGED ? `: ${VALUE_CHANGED}` : '';
    return `${action} ${name}${why}${result === 'done' ? '' : ` (${result})`}`;
  });
  const { none: _none, orphaned: _orphaned, ...changed } = counts;
  const all = Object.values(changed).reduce((sum, count) => sum + count, notDone);
  const more = all > made.length ? [`${all - made.length} more`] : [];
  const summary = all > 0 && all === notDone ? [] : [summaryLine(counts, 'done')];
  const rest = notDone > 0 ? [`${notDone} not done`] : [];
  const named = names.length > 0 && html`<p class="muted">${[...names, ...more].join(', ')}</p>`;
  return html`${[...summary, ...rest].join(', ')}${named}`;
}

function footer({ startedAt, at, ready }: StatusSnapshot): Html {
  const up = roughly(Date.parse(at) - Date.parse(startedAt));
  const links = ['status.json', 'metrics', 'healthz', 'readyz'].map((path) => html`<a href="${path}">${path}</a> `);
  return html`<footer class="muted">
<p>Running for ${up}, ${ready ? 'ready' : 'not ready'}. Times are UTC.</p>
<nav aria-label="For machines">${links}</nav>
</footer>`;
}

/** The icon in the tab, which has no style sheet. */
const ICON_COLORS: Readonly<Record<Severity, string>> = {
  ok: '#1f9d60',
  busy: '#3b82d6',
  note: '#3b82d6',
  warning: '#d99a1c',
  error: '#d6453d',
};

/** A dot in the colour of how it is. */
function icon(severity: Severity): string {
  const dot = `<circle cx="8" cy="8" r="6" fill="${ICON_COLORS[severity]}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
