import { summaryLine } from '../output/summary.js';
import { VALUE_CHANGED } from '../plan/change.js';
import { roughly } from '../text/words.js';
import { type Html, html, raw } from './html.js';
import { RUN_RESULTS } from './kinds.js';
import { healthSections, overallHeadline } from './page-health.js';
import { webhooksSection } from './page-webhooks.js';
import { badge, type Column, table, timeTag } from './parts.js';
import type { RunSnapshot, StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { queryOf, type View } from './view.js';

/**
 * The status page: one document that loads and runs nothing else, so that the strictest policy suits it. The server's
 * policy names the hash of STYLE, its only style element. Links are relative, so that a proxy may put the page under
 * any path. The icon is empty, so that no browser asks for one.
 */
export function statusPage(snapshot: StatusSnapshot, view: View): string {
  const { version, at, startedAt, ready } = snapshot;
  const up = roughly(Date.parse(at) - Date.parse(startedAt));
  const links = ['status.json', 'metrics', 'healthz', 'readyz'].map((path) => html`<a href="${path}">${path}</a> `);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${view.refresh && html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">\n`}<title>${overallHeadline(snapshot)} · copernica-webhooks</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#webhooks">Skip to the webhooks</a>
<header><p><strong>copernica-webhooks</strong> ${version}</p><p>As of ${timeTag(at)} UTC · ${refreshing(view)}</p></header>
<main>
${healthSections(snapshot, view)}
${webhooksSection(snapshot, view)}
${runsSection(snapshot)}
</main>
<footer>
<p>Running for ${up}, ${ready ? 'ready' : 'not ready'}. Times are UTC.</p>
<nav aria-label="For machines">${links}</nav>
</footer>
</body>
</html>
`.html;
}

/** Without a script, which the policy forbids. Readers can switch it off. */
const REFRESH_SECONDS = 30;

function refreshing(view: View): Html {
  const other = queryOf({ ...view, refresh: !view.refresh });
  if (!view.refresh) return html`<a href="${other}">refresh every ${REFRESH_SECONDS} s</a>`;
  return html`refreshes every ${REFRESH_SECONDS} s, <a href="${other}">stop</a>`;
}

/** Of all accounts together. */
const MOST_RUNS_SHOWN = 20;

interface ListedRun extends RunSnapshot {
  readonly account: string | null;
}

const RUN_COLUMNS: readonly Column<ListedRun>[] = [
  { title: 'Account', cell: ({ account }) => account ?? '' },
  { title: 'Started', kind: 'head', cell: ({ startedAt }) => timeTag(startedAt) },
  { title: 'Result', cell: ({ result }) => badge(RUN_RESULTS[result]) },
  { title: 'Because of', cell: ({ triggers }) => triggers.join(', ') },
  { title: 'Took', kind: 'number', cell: ({ durationMs }) => tookText(durationMs) },
  { title: 'Changes', cell: changesCell },
];

/** The last runs, the newest first. */
function runsSection({ accounts }: StatusSnapshot): Html {
  const rows = accounts
    .flatMap(({ name, runs }) => runs.map((run) => ({ ...run, account: name })))
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, MOST_RUNS_SHOWN);
  const columns = accounts.length > 1 ? RUN_COLUMNS : RUN_COLUMNS.slice(1);
  const shown = { name: 'runs', caption: 'The newest first', columns, rows };
  return html`<section aria-labelledby="runs-title">
<h2 id="runs-title">Last runs</h2>
${rows.length === 0 ? html`<p class="muted">None has ended yet.</p>` : table(shown)}
</section>`;
}

/** `1.2 s`, `3 minutes`. */
function tookText(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : roughly(ms);
}

function changesCell({ counts, notDone, changes, problems }: RunSnapshot): Html {
  if (counts === null) return html`${problems[0]?.message ?? 'nothing was tried'}`;
  const { none: _none, orphaned: _orphaned, ...changed } = counts;
  const all = Object.values(changed).reduce((sum, count) => sum + count, notDone);
  const summary = all > 0 && all === notDone ? [] : [summaryLine(counts, 'done')];
  const rest = notDone > 0 ? [`${notDone} not done`] : [];
  const names = changes.map(({ name, action, reason, result }) => {
    const why = reason === VALUE_CHANGED ? `: ${VALUE_CHANGED}` : '';
    return `${action} ${name}${why}${result === 'done' ? '' : ` (${result})`}`;
  });
  const more = all > changes.length ? [`${all - changes.length} more`] : [];
  const named = names.length > 0 && html`<p class="muted">${[...names, ...more].join(', ')}</p>`;
  return html`${[...summary, ...rest].join(', ')}${named}`;
}
