import { capitalized, fromNow, numberText, roughly } from '../text/words.js';
import { type Html, html } from './html.js';
import type { Severity } from './kinds.js';
import { sign, timeTag } from './page-parts.js';
import { linkTo } from './page-webhooks.js';
import type { AccountSnapshot, Health, Issue, StatusProblem, StatusSnapshot } from './snapshot.js';
import { USUAL_VIEW } from './view.js';

/** The page's first line: the account's, or of several how many need somebody. */
export function overallHeadline({ accounts }: StatusSnapshot): string {
  const [first] = accounts;
  if (accounts.length === 1 && first !== undefined) return first.health.headline;
  const inNeed = accounts.filter(({ health }) => ['error', 'warning'].includes(severityOf(health))).length;
  if (inNeed > 0) return `${inNeed} of ${accounts.length} accounts need attention`;
  const settled = accounts.every(({ health }) => health.kind === 'ok');
  return settled ? 'Everything is as the files say' : 'The accounts are being made as the files say';
}

export function overallSeverity({ accounts }: StatusSnapshot): Severity {
  const severities = accounts.map(({ health }) => severityOf(health));
  return GRAVEST_FIRST.find((severity) => severities.includes(severity)) ?? 'busy';
}

const GRAVEST_FIRST: readonly Severity[] = ['error', 'warning', 'busy', 'ok'];

function severityOf({ kind, advice: [gravest] }: Health): Severity {
  if (kind === 'ok') return 'ok';
  return kind === 'starting' || kind === 'pending' ? 'busy' : (gravest?.severity ?? 'error');
}

/** How it is, since when, what is wrong and what to do about it. */
export function healthSections(snapshot: StatusSnapshot): Html {
  const { accounts, at } = snapshot;
  const [first] = accounts;
  if (accounts.length === 1 && first !== undefined) return accountHealth(first, at, null);
  const each = accounts.map((account) => accountHealth(account, at, account.name ?? ''));
  return html`<h1 class="overall">${sign(overallSeverity(snapshot))}${overallHeadline(snapshot)}</h1>${each}`;
}

/** `title`: the account's name, where there are several; then the headline of the page stands above. */
function accountHealth(account: AccountSnapshot, now: string, title: string | null): Html {
  const { headline, since, advice } = account.health;
  const heading =
    title === null ? html`<h1>${headline}</h1>` : html`<h2><span class="account">${title}</span> ${headline}</h2>`;
  const issues = advice.map((issue) => issueTag(issue, account, title === null ? 'h2' : 'h3'));
  const forHowLong = roughly(Date.parse(now) - Date.parse(since));
  const severity = severityOf(account.health);
  return html`<section class="health ${severity}" aria-label="${title === null ? 'Health' : `Health of ${title}`}">
<div class="verdict">${sign(severity)}<div>${heading}
<p class="muted">For ${forHowLong}, since ${timeTag(since)}${runningText(account, now)}</p></div></div>
${facts(account, now)}
${issues.length > 0 && html`<div class="advices">${issues}</div>`}
</section>`;
}

function runningText({ running }: AccountSnapshot, now: string): string {
  if (running === null) return '';
  return ` · a run is under way since ${fromNow(running.startedAt, now)} (${running.triggers.join(', ')})`;
}

function facts({ counts, manifest, schedule, lastSuccessAt, target }: AccountSnapshot, now: string): Html {
  const when = (iso: string | null, otherwise: string) => (iso === null ? otherwise : fromNow(iso, now));
  const others: readonly (readonly [string, number])[] = [
    ['Failed', counts.failed],
    ['Uncertain', counts.uncertain],
    ['Possibly twice', counts.possiblyDuplicated],
    ['Pending', counts.pending],
    ['Drifted', counts.drifted],
    ['Orphaned', counts.orphaned],
  ];
  const all: readonly (readonly [string, string])[] = [
    ['In the file', numberText(counts.desired)],
    ['In the account', numberText(counts.managed)],
    ...others.flatMap(([name, count]) => (count > 0 ? [[name, numberText(count)] as const] : [])),
    ['Last success', when(lastSuccessAt, 'none yet')],
    ['Next check', schedule.expression === 'off' ? 'off' : when(schedule.nextAt, 'none')],
    ['File', manifest.file],
    ['Account at', target],
  ];
  return html`<dl class="facts">
${all.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}
</dl>`;
}

function issueTag(issue: Issue, { name }: AccountSnapshot, level: 'h2' | 'h3'): Html {
  const { severity, title, count, problems, more, remedy, filter } = issue;
  const heading = html`${sign(severity)}${capitalized(title)}`;
  const link = filter !== null && linkTo({ ...USUAL_VIEW, status: filter, account: name });
  return html`<article class="advice ${severity}">
${level === 'h2' ? html`<h2>${heading}</h2>` : html`<h3>${heading}</h3>`}
${problems.length > 0 && html`<ul class="problems">${problems.map(problemTag)}</ul>`}
${more > 0 && html`<p class="muted">and ${numberText(more)} more</p>`}
${remedyTag(remedy)}
${link && html`<p><a href="${link}">Show ${count === 1 ? 'it' : 'them'} in the table</a></p>`}
</article>`;
}

/** With its place as compilers write it, and its frame, which can be scrolled by keyboard too. */
function problemTag({ message, remedy, frame, file, line, column }: StatusProblem): Html {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const placed = place !== '' && html`<code class="place">${place}</code> `;
  const label = `Lines at ${place}`;
  const framed = frame !== null && html`<pre tabindex="0" role="region" aria-label="${label}">${frame}</pre>`;
  return html`<li>${placed}${message}${framed}${remedyTag(remedy)}</li>`;
}

function remedyTag(remedy: string | null): Html | null {
  return remedy === null ? null : html`<p class="remedy">${capitalized(remedy).replace(/[.\s]+$/, '')}.</p>`;
}
