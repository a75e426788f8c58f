import { summaryLine } from '../output/summary.js';
import { type Html, html } from './html.js';
import type { RunResultKind, RunSnapshot, StatusSnapshot } from './snapshot.js';
import { durationText, timeTag } from './time-text.js';
import { badge, RUN_TONES } from './tone.js';

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
export function runsSection(snapshot: StatusSnapshot): Html {
  const several = snapshot.accounts.length > 1;
  const runs = snapshot.accounts
    .flatMap(({ name, runs }) => runs.map((run) => ({ account: name, run })))
    .sort((a, b) => Date.parse(b.run.startedAt) - Date.parse(a.run.startedAt))
    .slice(0, MOST_RUNS_SHOWN);
  return html`<section aria-labelledby="runs-title">
<h2 id="runs-title">Last runs</h2>
${runs.length === 0 ? html`<p class="empty">None has ended yet.</p>` : table(runs, several)}
</section>`;
}

function table(
  runs: readonly { readonly account: string | null; readonly run: RunSnapshot }[],
  several: boolean,
): Html {
  return html`<table role="table" class="runs">
<caption>The last runs, the newest first</caption>
<thead role="rowgroup"><tr role="row">${several && html`<th role="columnheader" scope="col">Account</th>`}<th role="columnheader" scope="col">Started</th><th role="columnheader" scope="col">Because of</th><th role="columnheader" scope="col">Result</th><th role="columnheader" scope="col">Took</th><th role="columnheader" scope="col">Changes</th></tr></thead>
<tbody role="rowgroup">
${runs.map(({ account, run }) => bodyRow(run, several ? (account ?? '') : null))}
</tbody>
</table>`;
}

function bodyRow(run: RunSnapshot, account: string | null): Html {
  return html`<tr role="row">${account !== null && cell('Account', html`${account}`)}<th role="rowheader" scope="row">${timeTag(run.startedAt)}</th>
${cell('Because of', html`${run.triggers.join(', ')}`)}
${cell('Result', badge(RUN_TONES[run.result], RESULT_TEXTS[run.result]))}
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
