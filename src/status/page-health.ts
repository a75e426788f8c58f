import { type Html, html } from './html.js';
import { ADVICE_SEVERITY, GRAVEST_FIRST, HEALTH_SEVERITY, type Severity, sign } from './severity.js';
import type { AccountSnapshot, Advice, StatusProblem, StatusSnapshot } from './snapshot.js';
import { fromNow, numberText, roughly, timeTag } from './time-text.js';
import { queryOf } from './view.js';

/** The page's first line: the account's, or of several how many need somebody. */
export function overallHeadline({ accounts }: StatusSnapshot): string {
  const [first] = accounts;
  if (accounts.length === 1 && first !== undefined) return first.health.headline;
  const inNeed = accounts.filter(({ health }) => ['bad', 'warn'].includes(HEALTH_SEVERITY[health.kind])).length;
  if (inNeed > 0) return `${inNeed} of ${accounts.length} accounts need attention`;
  const settled = accounts.every(({ health }) => health.kind === 'ok');
  return settled ? 'Everything is as the files say' : 'The accounts are being made as the files say';
}

export function overallSeverity({ accounts }: StatusSnapshot): Severity {
  const severities = accounts.map(({ health }) => HEALTH_SEVERITY[health.kind]);
  return GRAVEST_FIRST.find((severity) => severities.includes(severity)) ?? 'busy';
}

/** How it is, since when, what is wrong and what to do about it. */
export function healthSections(snapshot: StatusSnapshot): Html {
  const [first] = snapshot.accounts;
  if (snapshot.accounts.length === 1 && first !== undefined) return accountHealth(first, snapshot.at, null);
  const each = snapshot.accounts.map((account) => accountHealth(account, snapshot.at, account.name ?? ''));
  return html`<h1 class="overall">${sign(overallSeverity(snapshot))}${overallHeadline(snapshot)}</h1>${each}`;
}

/** `title`: the account's name, where there are several; then the headline of the page stands above. */
function accountHealth(account: AccountSnapshot, now: string, title: string | null): Html {
  const { health } = account;
  const severity = HEALTH_SEVERITY[health.kind];
  const heading =
    title === null
      ? html`<h1>${health.headline}</h1>`
      : html`<h2><span class="account">${title}</span> ${health.headline}</h2>`;
  return html`<section class="health ${severity}" aria-label="${title === null ? 'Health' : `Health of ${title}`}">
<div class="verdict">${sign(severity)}<div>${heading}
<p class="muted">For ${roughly(Date.parse(now) - Date.parse(health.since))}, since ${timeTag(health.since)}${runningText(account, now)}</p></div></div>
${facts(account, now)}
${health.advice.length > 0 && html`<div class="advices">${health.advice.map((advice) => adviceTag(advice, account, title === null ? 'h2' : 'h3'))}</div>`}
</section>`;
}

function runningText({ running }: AccountSnapshot, now: string): Html | null {
  if (running === null) return null;
  return html` · a run is under way since ${fromNow(running.startedAt, now)} (${running.triggers.join(', ')})`;
}

function facts(account: AccountSnapshot, now: string): Html {
  const { counts, manifest, schedule, lastSuccessAt, target } = account;
  const when = (iso: string | null, otherwise: string) => (iso === null ? otherwise : fromNow(iso, now));
  const others: readonly (readonly [string, number])[] = [
    ['Failed', counts.failed],
    ['Uncertain', counts.uncertain],
    ['Possibly twice', counts.possiblyDuplicated],
    ['Pending', counts.pending],
    ['Drifted', counts.drifted],
    ['Orphaned', counts.orphaned],
  ];
  return html`<dl class="facts">
${fact('In the file', numberText(counts.desired))}
${fact('In the account', numberText(counts.managed))}
${others.filter(([, count]) => count > 0).map(([name, count]) => fact(name, numberText(count)))}
${fact('Last success', when(lastSuccessAt, 'none yet'))}
${fact('Next check', schedule.expression === 'off' ? 'off' : when(schedule.nextAt, 'none'))}
${fact('File', manifest.file)}
${fact('Account at', target)}
</dl>`;
}

function fact(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function adviceTag(advice: Advice, account: AccountSnapshot, level: 'h2' | 'h3'): Html {
  const { severity, title, problems, more, remedy, filter } = advice;
  const look = ADVICE_SEVERITY[severity];
  const titled = html`${sign(look)}${title}`;
  const shown = problems.map(problemTag);
  return html`<article class="advice ${look}">
${level === 'h2' ? html`<h2>${titled}</h2>` : html`<h3>${titled}</h3>`}
${shown.length > 0 && html`<ul class="problems">${shown}</ul>`}
${more > 0 && html`<p class="muted">and ${numberText(more)} more</p>`}
${remedy !== null && html`<p class="remedy">${capitalized(remedy)}.</p>`}
${filter !== null && html`<p><a href="${filterLink(filter, account)}">Show ${title.startsWith('1 ') || title.startsWith('One ') ? 'it' : 'them'} in the table</a></p>`}
</article>`;
}

function filterLink(status: NonNullable<Advice['filter']>, { name }: AccountSnapshot): string {
  const all = { text: '', trigger: null, sort: 'status', descending: false, page: 1 } as const;
  return `${queryOf({ ...all, status, account: name })}#webhooks`;
}

/** With its place as compilers write it, and its frame, which can be scrolled by keyboard too. */
function problemTag(problem: StatusProblem): Html {
  const { message, remedy, frame } = problem;
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== null).join(':');
  const framed =
    frame !== null && html`<pre tabindex="0" role="region" aria-label="${`Lines at ${place}`}">${frame}</pre>`;
  return html`<li>${place !== '' && html`<code class="place">${place}</code> `}${message}${framed}${remedy !== null && html`<p class="remedy">${capitalized(remedy)}.</p>`}</li>`;
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).replace(/[.\s]+$/, '');
}
