import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceIncident, NO_INCIDENT, type Notice } from '../../../src/notices/incident.js';
import { advanceStatus, initialStatus, type StatusEvent } from '../../../src/status/account-status.js';
import { failedRun, problem, report } from '../../helpers/outcomes.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOLDS = { afterMs: MINUTE, settleMs: MINUTE };

const broken: StatusEvent = { kind: 'manifest-read', entries: [], commit: null, problems: [problem('broken')] };
const fixed: StatusEvent = { kind: 'manifest-read', entries: [], commit: null, problems: [] };
const began: StatusEvent = { kind: 'run-began', triggers: ['schedule'] };
const notBegun: StatusEvent = { kind: 'could-not-begin', failure: 'input', problems: [problem('no token')] };
const run = (end: StatusEvent): StatusEvent[] => [began, end];
const fails = run(failedRun('failed', 'no connection'));
const refused = run(failedRun('refused', 'too many deletions'));
const well = run(report({ a: 'fine', b: 'fine' }));
const aFails = run(report({ a: 'failed', b: 'fine' }));
const aUncertain = run(report({ a: 'uncertain', b: 'fine' }));
const answersLost = run(report({ a: 'fine' }, { lostAnswers: 3 }));

interface TimedNotice extends Notice {
  readonly at: number;
}

type Step = StatusEvent | readonly StatusEvent[] | number;

/** Plays events; a number lets so much time pass, with a look at each moment that was asked for. */
function play(steps: readonly Step[], holds = HOLDS): TimedNotice[] {
  let status = initialStatus(new Date(0));
  let incident = NO_INCIDENT;
  let at = 0;
  let lookAt: number | null = null;
  const notices: TimedNotice[] = [];
  const look = () => {
    const step = advanceIncident(incident, status, at, holds);
    incident = step.incident;
    lookAt = step.lookAt;
    notices.push(...step.notices.map((notice) => ({ ...notice, at })));
  };
  for (const step of steps) {
    if (typeof step !== 'number') {
      for (const event of [step].flat()) {
        status = advanceStatus(status, event as StatusEvent, new Date(at));
        look();
      }
    } else {
      const until = at + step;
      while (lookAt !== null && lookAt <= until) {
        at = lookAt;
        look();
      }
      at = until;
    }
  }
  return notices;
}

const reported = (notices: readonly TimedNotice[]) =>
  notices.map(({ status, issues, at }) => `${at / SECOND}s ${status}: ${issues.map(({ code }) => code).join(' ')}`);

describe('notices', () => {
  it.each<readonly [title: string, steps: readonly Step[], expected: readonly string[]]>([
    ['say nothing while all is well', [well, 5 * MINUTE, well], []],
    ['say nothing of a failure that the next attempt fixes', [fails, SECOND, well, 10 * MINUTE], []],
    ['say nothing of one that is fixed just before the hold is over', [fails, MINUTE - 1, well, MINUTE], []],
    [
      'report a failure when it has lasted a minute, without another run',
      [fails, 5 * MINUTE],
      ['60s problem: run-failed'],
    ],
    [
      'report an outage once, however many runs fail in it',
      [...Array.from({ length: 200 }, (): Step[] => [fails, 30 * SECOND]).flat()],
      ['60s problem: run-failed'],
    ],
    [
      'report its end once',
      [fails, 5 * MINUTE, fails, well, MINUTE, well],
      ['60s problem: run-failed', '300s well: run-failed'],
    ],
    [
      'report the next outage',
      [fails, 2 * MINUTE, well, fails, 2 * MINUTE, well],
      ['60s problem: run-failed', '120s well: run-failed', '180s problem: run-failed', '240s well: run-failed'],
    ],
    [
      'begin to count anew when it was well in between',
      [fails, 50 * SECOND, well, fails, 50 * SECOND, well, fails, 50 * SECOND],
      [],
    ],
    [
      'report once more when something of another kind goes wrong too, with all that is wrong',
      [aFails, 2 * MINUTE, broken, 2 * MINUTE],
      ['60s problem: webhooks-failed', '180s problem: manifest-broken webhooks-failed'],
    ],
    [
      'say nothing when more of the same kind goes wrong',
      [aFails, 2 * MINUTE, run(report({ a: 'failed', b: 'failed' })), 5 * MINUTE],
      ['60s problem: webhooks-failed'],
    ],
    [
      'say nothing when a part of it is well again, or comes back',
      [aFails, broken, 2 * MINUTE, fixed, aFails, broken, 2 * MINUTE],
      ['60s problem: manifest-broken webhooks-failed'],
    ],
    [
      'name everything that was reported when all is well again',
      [aFails, 2 * MINUTE, refused, 2 * MINUTE, well],
      [
        '60s problem: webhooks-failed',
        '180s problem: run-refused webhooks-failed',
        '240s well: run-refused webhooks-failed',
      ],
    ],
    ['report a broken manifest, which no run tells of', [well, broken, 5 * MINUTE], ['60s problem: manifest-broken']],
    ['say nothing of a file that is broken while it is written', [well, broken, SECOND, fixed, well], []],
    [
      'take a manifest that is fixed for well only when a run with it has ended well',
      [broken, 2 * MINUTE, began, fixed, report({ a: 'fine' }), SECOND, aFails, SECOND, well],
      ['60s problem: manifest-broken', '122s well: manifest-broken'],
    ],
    [
      'say nothing of runs that have no manifest to go by but that it is broken',
      [{ ...broken, entries: null } as StatusEvent, run(failedRun('input', 'broken')), 5 * MINUTE],
      ['60s problem: manifest-broken'],
    ],
    [
      'report a run that can’t use what the manifest names',
      [run(failedRun('input', 'no such database')), 5 * MINUTE],
      ['60s problem: run-failed'],
    ],
    ['say nothing of an uncertain create that settles as usual', [aUncertain, 90 * SECOND, well, 5 * MINUTE], []],
    ['report one that stays', [aUncertain, 90 * SECOND, aUncertain, 5 * MINUTE], ['120s problem: uncertain']],
    [
      'wait with “well” for a create that is still uncertain',
      [fails, 2 * MINUTE, aUncertain, SECOND, well],
      ['60s problem: run-failed', '121s well: run-failed'],
    ],
    [
      'report a webhook that may exist twice',
      [run(report({ a: 'doubled' })), 5 * MINUTE],
      ['60s problem: possibly-duplicated'],
    ],
    [
      'report lost answers once, and that they come again',
      [answersLost, 2 * MINUTE, answersLost, 2 * MINUTE, well, MINUTE, well],
      ['60s problem: answers-lost', '240s well: answers-lost'],
    ],
    ['report at once an account that can’t be kept', [notBegun, 5 * MINUTE], ['0s problem: not-begun']],
    ['report drift once, at once', [run(report({ a: 'drifted' })), MINUTE, well], ['0s note: drift']],
    [
      'report drift again only for other webhooks, while each look finds some',
      [
        run(report({ a: 'drifted' })),
        MINUTE,
        run(report({ a: 'drifted' })),
        MINUTE,
        run(report({ a: 'drifted', b: 'drifted' })),
      ],
      ['0s note: drift', '120s note: drift'],
    ],
    [
      'report it anew after a look that found none; a run that doesn’t look is none',
      [
        run(report({ a: 'drifted' })),
        run(report({ a: 'fine' }, { refreshed: false })),
        run(report({ a: 'drifted' })),
        well,
        MINUTE,
        run(report({ a: 'drifted' })),
      ],
      ['0s note: drift', '60s note: drift'],
    ],
  ])('%s', (_title, steps, expected) => {
    expect(reported(play(steps))).toEqual(expected);
  });

  it('report at once where nothing is to be waited for', () => {
    const holds = { afterMs: 0, settleMs: 0 };
    expect(reported(play([fails, fails, well, aUncertain, well], holds))).toEqual([
      '0s problem: run-failed',
      '0s well: run-failed',
      '0s problem: uncertain',
      '0s well: uncertain',
    ]);
  });

  it('say since when it is so, and what the newest run said', () => {
    const [notice] = play([fails, 30 * SECOND, run(failedRun('failed', 'name not found')), MINUTE]);
    expect(notice).toMatchObject({
      at: MINUTE,
      lastedMs: MINUTE,
      issues: [{ problems: [{ message: 'name not found' }] }],
    });
  });

  it('come in turns whatever happens: no end without a beginning, never more than a beginning for each kind', () => {
    const step = fc.oneof(
      fc.constantFrom<Step>(broken, fixed, fails, refused, well, aFails, aUncertain, run(report({ a: 'doubled' }))),
      fc.integer({ min: 0, max: 3 * MINUTE }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const reportedCodes = new Set<string>();
        for (const { status, issues } of play(steps)) {
          const codes = issues.map(({ code }) => code);
          if (status === 'problem') {
            expect(codes.some((code) => !reportedCodes.has(code))).toBe(true);
            for (const code of codes) reportedCodes.add(code);
          } else {
            expect(new Set(codes)).toEqual(reportedCodes);
            reportedCodes.clear();
          }
        }
      }),
    );
  });
});
