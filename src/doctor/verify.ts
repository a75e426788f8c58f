import type { AnswerFacts, JsonForm } from '../copernica/answer-facts.js';
import type { CallFailure, LiveWebhook, Outcome } from '../copernica/api.js';
import { CALLERS, canonicalCallers, canonicalHandler, type WebhookSpec } from '../webhook.js';

/** The result of a call, and what its answer looked like. Null: none came. */
export interface Seen<T> {
  readonly outcome: Outcome<T>;
  readonly facts: AnswerFacts | null;
}

type Read = Seen<LiveWebhook | 'gone'>;
type Write = Seen<'done' | 'gone'>;

/** What `verify` saw, in the order of its calls. Calls that were not reached are missing. */
export interface Observations {
  /** POST of the first webhook, with only handler and trigger. */
  readonly create?: Seen<number>;
  readonly read?: Read;
  readonly list?: Seen<readonly LiveWebhook[] | 'unavailable'>;
  /** PUT with one caller, and what GET shows then. */
  readonly update?: Write;
  readonly readUpdated?: Read;
  /** PUT without callers, and what GET shows then. */
  readonly updateWithoutCallers?: Write;
  readonly readWithoutCallers?: Read;
  readonly delete?: Write;
  readonly readRemoved?: Read;
  readonly deleteAgain?: Write;
  /** POST of the second webhook, limited to the database if one was given. */
  readonly createSecond?: Seen<number>;
  readonly readSecond?: Read;
}

/** What was sent. */
export interface Sent {
  readonly first: WebhookSpec;
  readonly updated: WebhookSpec;
  readonly second: WebhookSpec;
  /** The highest id known before. Null: none was known. */
  readonly knownBefore: number | null;
}

export interface Verified {
  readonly check: string;
  /** What this program relies on. */
  readonly reliedOn: string;
  /** `unseen`: it was not reached, or the answer says nothing about it. */
  readonly status: 'ok' | 'otherwise' | 'unseen';
  /** What was seen, or why nothing was. */
  readonly seen: string;
  /** What a difference means for the promise. Null: there is none. */
  readonly means: string | null;
  /** How long the answer took. Null: there was none. */
  readonly durationMs: number | null;
}

interface Row<T = unknown> {
  readonly check: string;
  readonly reliedOn: string;
  readonly means: string;
  /** A refusal concerns the request, its handler or database, and says nothing about the API. */
  readonly mayBeRefused?: true;
  /** The call that shows it. Undefined: it was not made. */
  readonly call: (observations: Observations) => Seen<T> | undefined;
  /** Judges a usable answer. */
  readonly look: (value: T, facts: AnswerFacts, about: About) => Look;
}

interface About {
  readonly observations: Observations;
  readonly sent: Sent;
}

/** Whether it is as expected, and what was seen. */
type Look = readonly [isAsReliedOn: boolean, seen: string];

function row<T>(row: Row<T>): Row {
  return row as Row;
}

/** For something that nothing relies on, but which is good to know. */
const EITHER_IS_FINE = '';

const BOTH = canonicalCallers([]);

/** What is relied on, line by line, in the order in which it is shown. */
const ROWS: readonly Row[] = [
  row({
    check: 'new-id',
    reliedOn: 'the answer to a POST names the new id',
    means: 'no create is confirmed by its answer: each is uncertain until it was found by reading ids',
    mayBeRefused: true,
    call: ({ create }) => create,
    look: (_id, { idHeaders }) => [true, idHeaders.join(', ')],
  }),
  row({
    check: 'read-new',
    reliedOn: 'GET shows a new webhook at once, as it was sent',
    means: 'a lost create may not be found by reading, and be made twice; a refresh sees drift where there is none',
    call: ({ read }) => read,
    look: ifAlive((live, _facts, { sent }) => shownAs(live, sent.first)),
  }),
  row({
    check: 'callers-left-out',
    reliedOn: 'no callers in a POST: GET shows both, or none',
    means: 'a lost create without callers is not found by reading; a refresh sees drift where there is none',
    call: ({ read }) => read,
    look: ifAlive(({ callers }) => [canonicalCallers(callers) === BOTH, callersText(callers)]),
  }),
  row({
    check: 'scope-left-out',
    reliedOn: 'no database or collection in a POST: GET shows none',
    means: 'a refresh replaces each webhook that has no database at every run',
    call: ({ read }) => read,
    look: ifAlive(({ database, collection }, facts) => [
      database == null && collection == null,
      facts.database === facts.collection
        ? `both ${formText(facts.database)}`
        : `database ${formText(facts.database)}, collection ${formText(facts.collection)}`,
    ]),
  }),
  row({
    check: 'list',
    reliedOn: 'a list of webhooks: there or not',
    means: EITHER_IS_FINE,
    call: ({ list }) => list,
    look: (list, { status }, { observations }) => {
      if (list === 'unavailable') return [true, `there is none: ${status}`];
      const id = firstId(observations);
      return [
        true,
        list.some((webhook) => webhook.id === id) ? 'there is one, with ours' : 'there is one, without ours',
      ];
    },
  }),
  row({
    check: 'update',
    reliedOn: 'PUT answers 204 or 303',
    means: 'an update never counts as done, and is sent again at every run',
    call: ({ update }) => update,
    look: (value, { status }) => [value === 'done', writtenText(value, status)],
  }),
  row({
    check: 'token-echo',
    reliedOn: 'the token in its Location: there or not, it is never read',
    means: EITHER_IS_FINE,
    call: ({ update }) => update,
    look: (_value, { echoesToken, idHeaders }) => {
      if (echoesToken) return [true, 'the token is in it'];
      return [true, idHeaders.includes('Location') ? 'the token is not in it' : 'there is no Location'];
    },
  }),
  row({
    check: 'read-updated',
    reliedOn: 'GET shows an update at once',
    means: 'a refresh sees drift where there is none, and sends the update again at every run',
    call: ({ readUpdated }) => readUpdated,
    look: ifAlive(({ callers }, _facts, { sent }) => [
      canonicalCallers(callers) === canonicalCallers(sent.updated.callers ?? []),
      callersText(callers),
    ]),
  }),
  row({
    check: 'update-callers-left-out',
    reliedOn: 'no callers in a PUT: both or as before, they are always sent',
    means: EITHER_IS_FINE,
    call: ({ updateWithoutCallers: put, readWithoutCallers }) =>
      put?.outcome.ok === false ? { ...put, outcome: put.outcome } : readWithoutCallers,
    look: ifAlive(({ callers }) => [true, callersText(callers)]),
  }),
  row({
    check: 'delete',
    reliedOn: 'DELETE answers 200 or 204',
    means: 'a deletion never counts as done, and is sent again at every run',
    call: (observations) => observations.delete,
    // An earlier attempt whose answer was lost may have deleted it.
    look: (value, { status }) => [true, writtenText(value, status)],
  }),
  row({
    check: 'read-removed',
    reliedOn: 'GET of a removed webhook says so',
    means:
      'a removed webhook counts as alive: it is not made again when somebody removes it, and it can be taken for a lost create',
    call: ({ readRemoved }) => readRemoved,
    look: (value, { status, removed }) => {
      if (value !== 'gone') return [false, 'it is shown as if it was there'];
      return [true, removed === 'missing' ? `${status}: no such webhook` : `${status} with "removed"`];
    },
  }),
  row({
    check: 'delete-again',
    reliedOn: 'a second DELETE says so, or answers like the first',
    means: 'a deletion whose answer was lost never counts as done, and is sent again at every run',
    call: ({ deleteAgain }) => deleteAgain,
    look: (value, { status }) => [true, writtenText(value, status)],
  }),
  row({
    check: 'ids-rise',
    reliedOn: 'ids rise',
    means: 'that a lost create made nothing can not be proved: nothing in doubt is sent again, and a person settles it',
    mayBeRefused: true,
    call: ({ createSecond }) => createSecond,
    look: (second, _facts, { observations, sent: { knownBefore } }) => {
      const first = firstId(observations);
      const known = knownBefore === null || knownBefore < first ? '' : `${knownBefore} was known, then `;
      return [known === '' && second > first, `${known}${first}, then ${second}`];
    },
  }),
  row({
    check: 'database',
    reliedOn: 'a database in a POST: GET shows it, or none',
    means: 'a refresh replaces each webhook that has a database at every run; a lost one is not found by reading',
    call: ({ readSecond }) => readSecond,
    look: ifAlive(({ database }, facts, { sent }) => [
      database == null || database === sent.second.database,
      database == null ? formText(facts.database) : `${database}, as ${formText(facts.database)}`,
    ]),
  }),
];

/** 0: it is unknown. */
function firstId({ create }: Observations): number {
  return create?.outcome.ok === true ? create.outcome.value : 0;
}

function writtenText(value: 'done' | 'gone', status: number | null): string {
  return value === 'done' ? `${status}` : `${status}: no such webhook`;
}

/** All lines of the table. Those about a database only if one was given. */
export function verified(observations: Observations, sent: Sent): Verified[] {
  const about = { observations, sent };
  return ROWS.filter(({ check }) => check !== 'database' || sent.second.database !== undefined).map((each) => {
    const { check, reliedOn, means } = each;
    const seen = each.call(observations);
    const { status, text } = lookAt(each, seen, about);
    const durationMs = seen?.facts?.durationMs ?? null;
    return { check, reliedOn, status, seen: text, means: status === 'otherwise' ? means : null, durationMs };
  });
}

/** Failures of the way to the API, or of a busy day. */
const SAYS_NOTHING: ReadonlySet<CallFailure['kind']> = new Set(['not-sent', 'turned-away']);

function lookAt(
  { look, means, mayBeRefused }: Row,
  seen: Seen<unknown> | undefined,
  about: About,
): { readonly status: Verified['status']; readonly text: string } {
  if (seen === undefined) return { status: 'unseen', text: 'not asked' };
  const { outcome, facts } = seen;
  if (!outcome.ok) {
    // The body of a success does not matter, so the status of a POST says enough.
    const status = (mayBeRefused === true ? facts?.status : outcome.status) ?? null;
    const saysNothing = SAYS_NOTHING.has(outcome.kind) || (mayBeRefused === true && outcome.kind === 'refused');
    const tells = status !== null && status < 500 && !saysNothing;
    const told = means === EITHER_IS_FINE ? 'ok' : 'otherwise';
    return { status: tells ? told : 'unseen', text: outcome.message };
  }
  if (facts === null) return { status: 'unseen', text: 'not asked' };
  const [isAsReliedOn, text] = look(outcome.value, facts, about);
  return { status: isAsReliedOn ? 'ok' : 'otherwise', text };
}

function ifAlive(look: Row<LiveWebhook>['look']): Row<LiveWebhook | 'gone'>['look'] {
  return (value, facts, about) => (value === 'gone' ? [false, 'no such webhook'] : look(value, facts, about));
}

function shownAs(live: LiveWebhook, sent: WebhookSpec): Look {
  const other = [
    ...(canonicalHandler(live.handler) === canonicalHandler(sent.handler) ? [] : ['handler']),
    ...(live.trigger === sent.trigger ? [] : ['trigger']),
  ];
  return other.length === 0 ? [true, 'as sent'] : [false, `another ${other.join(' and another ')}`];
}

/** Only known ones: anything else in the answer is not printed. */
function callersText(callers: readonly string[]): string {
  if (callers.length === 0) return 'no callers';
  const known = CALLERS.filter((caller) => callers.includes(caller));
  return [...known, ...(new Set(callers).size > known.length ? ['others'] : [])].join(', ');
}

function formText(form: JsonForm): string {
  return form === 'missing' ? 'not shown' : form;
}
