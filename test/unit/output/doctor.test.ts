import { describe, expect, it } from 'vitest';
import {
  type CheckId,
  type CheckResult,
  type Finding,
  ok,
  problem,
  problemOf,
  skipped,
  warning,
} from '../../../src/doctor/check.js';
import { CHECKS } from '../../../src/doctor/checks.js';
import { doctorFailures, doctorJson, doctorProblems, formatDoctor } from '../../../src/output/doctor.js';

const CAUSES = Array.from({ length: 7 }, (_, index) => ({
  code: 'unknown-field' as const,
  severity: 'error' as const,
  message: `no ${index}`,
  file: 'm.yaml',
  line: index + 1,
  column: 3,
}));
const SKIPPED = skipped(', because of “settings” above');
/** What the check of the table found. */
function checkOf(id: CheckId, finding: Finding, subject?: string): CheckResult {
  const check = CHECKS.find((it) => it.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return { ...finding, id, section: check.section, ...(subject === undefined ? {} : { subject }) };
}

const text = (...checks: readonly CheckResult[]) => formatDoctor(checks, { color: false });

describe('the text of doctor', () => {
  it('has sections, a line for each check, its remedy under it, and a summary', () => {
    expect(
      text(
        checkOf('settings', ok('fine')),
        checkOf('token', warning('odd', 'mend it')),
        checkOf('manifest', ok('good')),
      ),
    ).toBe(`Settings
  ok       settings: fine
  warning  token: odd
           help: mend it

Manifest
  ok       manifest: good

Works, with something to see to: 1 warning, 2 ok
`);
  });

  it('shows some of the causes of a problem, each at its place', () => {
    const shown = text(checkOf('manifest', problemOf('input', CAUSES, 'mend each')));
    expect(shown).toContain('  problem  manifest: 7 errors\n           m.yaml:1:3: no 0\n');
    expect(shown).toContain('m.yaml:5:3: no 4\n           … and 2 more\n           help: mend each\n');
    expect(shown).toMatch(/\nSomething is wrong: 1 problem, 0 ok\n$/);
  });

  it('puts together what was skipped for one reason, within a section', () => {
    const shown = text(
      checkOf('environment', SKIPPED),
      checkOf('token', SKIPPED),
      checkOf('manifest', SKIPPED),
      checkOf('state-folder', skipped(': else')),
    );
    expect(shown).toContain('  skipped  environment, token: not checked');
    expect(shown).toContain('  skipped  manifest: not checked');
    expect(shown).toContain('  skipped  state-folder: not checked: else\n');
    expect(shown).toMatch(/All is well: 0 ok, 4 skipped\n$/);
  });

  it('lets nothing act on the terminal', () => {
    expect(text(checkOf('account', ok('34 \u001b[31mred')))).not.toContain('\u001b');
  });
});

describe('the document of doctor', () => {
  const checks = [
    checkOf('settings', ok('fine')),
    checkOf('manifest', problemOf('input', CAUSES.slice(0, 2), 'mend each')),
    checkOf('state-account', problem('another', 'use that', 'refused')),
    checkOf('handler', warning('private', 'give another'), 'h.example:443'),
    checkOf('clock', SKIPPED),
  ];

  it('has a row for each check, and how many of each kind', () => {
    const { checks: rows, summary } = doctorJson(checks);
    expect(summary).toEqual({ ok: 1, warning: 1, problem: 2, skipped: 1 });
    expect(rows[3]).toEqual({
      check: 'handler',
      section: 'Handlers',
      subject: 'h.example:443',
      status: 'warning',
      message: 'private',
      remedy: 'give another',
    });
    expect(rows[0]).toMatchObject({ subject: null, remedy: null });
  });

  it('lists problems in the form of every other command: causes by themselves', () => {
    expect(doctorProblems(checks).map(({ code, severity, line, message }) => [code, severity, line, message])).toEqual([
      ['unknown-field', 'error', 1, 'no 0'],
      ['unknown-field', 'error', 2, 'no 1'],
      ['doctor-state-account', 'error', undefined, 'another'],
      ['doctor-handler', 'warning', undefined, 'h.example:443: private'],
    ]);
    expect(doctorFailures(checks)).toEqual(['input', 'refused']);
  });
});
