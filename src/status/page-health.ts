import { capitalized, fromNow, numberText, roughly } from '../text/words.js';
import { type Html, html } from './html.js';
import type { Issue, StatusProblem } from './issues.js';
import type { Severity } from './kinds.js';
import { linkTo } from './page-webhooks.js';
import { sign, timeTag } from './parts.js';
import type { AccountSnapshot, Health, StatusSnapshot } from './snapshot.js';
import { USUAL_VIEW, type View } from './view.js';

/** The page's first line: the account's headline, or how many of several accounts need attention. */
export function overallHeadline({ accounts }: StatusSnapshot): string {
  const [first] = accounts;
  if (accounts.length === 1 && first !== undefined) return first.health.headline;
  const inNeed = accounts.filter(({ health }) => ['error', 'warning'].includes(severityOf(health))).length;
  if (inNeed > 0) return `${inNeed} of ${accounts.length} accounts need attention`;
  const isAllWell = accounts.every(({ health }) => severityOf(health) === 'ok');
  return isAllWell ? 'Everything is as the files say' : 'The accounts are being updated to match the files';
}

function severityOf({ kind, advice: [gravest] }: Health): Severity {
  if (kind === 'ok' || kind === 'standing-by') return 'ok';
  return kind === 'starting' || kind === 'pending' ? 'busy' : (gravest?.severity ?? 'error');
}

/** For each account: its health, since when, what is wrong and what to do. */
export function healthSections(snapshot: StatusSnapshot, view: View): Html {
  const several = snapshot.accounts.length > 1;
  return html`<h1>${overallHeadline(snapshot)}</h1>
${snapshot.accounts.map((account) => accountHealth(account, snapshot.at, view, several))}`;
}

function accountHealth(account: AccountSnapshot, now: string, view: View, several: boolean): Html {
  const { name, target, running, health } = account;
  const { headline, since, advice } = health;
  const severity = severityOf(health);
  const forHowLong = roughly(Date.parse(now) - Date.parse(since));
  const run =
    running === null
      ? ''
      : ` · a run is under way since ${fromNow(running.startedAt, now)} (${running.triggers.join(', ')})`;
  return html`<section class="health ${severity}">
<h2>${sign(severity)}${name ?? target}${several && html`: ${headline}`}</h2>
<p class="muted">For ${forHowLong}, since ${timeTag(since)}${run}</p>
${facts(account, now)}
${advice.map((issue) => issueTag(issue, account, view))}
</section>`;
}

const REPLICA = { leading: 'leads', 'standing-by': 'stands by', unknown: 'not known' } as const;

function facts(account: AccountSnapshot, now: string): Html {
  const { name, counts, manifest, schedule, lastSuccessAt, target, leadership } = account;
  const when = (iso: string | null, otherwise: string) => (iso === null ? otherwise : fromNow(iso, now));
  const others: readonly (readonly [string, number])[] = [
    ['Failed', counts.failed],
    ['Uncertain', counts.uncertain],
    ['Possibly twice', counts.possiblyDuplicated],
    ['Pending', counts.pending],
    ['Drifted', counts.drifted],
    ['Orphaned', counts.orphaned],
  ];
  const { file, commit } = manifest;
  const runTimes = [
    ['Last success', when(lastSuccessAt, 'none yet')],
    ['Next check', schedule.expression === 'off' ? 'off' : when(schedule.nextAt, 'none')],
  ] as const;
  const isStandby = leadership === 'standing-by';
  const all: readonly (readonly [string, Html | string])[] = [
    ['In the file', numberText(counts.desired)],
    ...(isStandby ? [] : [['Managed', numberText(counts.managed)] as const]),
    ...others.flatMap(([title, count]) => (count > 0 ? [[title, numberText(count)] as const] : [])),
    ...(isStandby ? [] : runTimes),
    ...(leadership === null ? [] : [['Replica', REPLICA[leadership]] as const]),
    ['File', file],
    ...(commit === null ? [] : [['Commit', html`<code title="${commit}">${commit.slice(0, 12)}</code>`] as const]),
    // An account without a name is called by this.
    ...(name === null ? [] : [['Account at', target] as const]),
  ];
  return html`<dl>
${all.map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>\n`)}
</dl>`;
}

function issueTag(issue: Issue, { name }: AccountSnapshot, { refresh }: View): Html {
  const { severity, title, count, problems, more, remedy, filter } = issue;
  const link = filter !== null && linkTo({ ...USUAL_VIEW, status: filter, account: name, refresh });
  return html`<article class="advice ${severity}">
<h3>${sign(severity)}${capitalized(title)}</h3>
${problems.length > 0 && html`<ul>${problems.map(problemTag)}</ul>`}
${more > 0 && html`<p>and ${numberText(more)} more</p>`}
${remedyTag(remedy)}
${link && html`<p><a href="${link}">Show ${count === 1 ? 'it' : 'them'} in the table</a></p>`}
</article>`;
}

/** With its place in compilers' notation, and its frame, which the keyboard can scroll, too. */
function problemTag({ message, remedy, frame, file, line, column }: StatusProblem): Html {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const placed = place !== '' && html`<code>${place}</code> `;
  const label = `Lines at ${place}`;
  const framed = frame !== null && html`<pre tabindex="0" role="region" aria-label="${label}">${frame}</pre>`;
  return html`<li>${placed}${message}${framed}${remedyTag(remedy)}</li>`;
}

function remedyTag(remedy: string | null): Html | null {
  return remedy === null ? null : html`<p class="remedy">${capitalized(remedy).replace(/[.\s]+$/, '')}.</p>`;
}
