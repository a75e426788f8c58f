import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { postgresServer } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';

const PAGE = new URL('../../docs/postgresql.md', import.meta.url);

const PASSWORDS = { owner: 'change-me-1', writer: 'change-me-2', reader: 'change-me-3' } as const;

/** The statements of the page's section on roles, as they stand. */
async function statements(): Promise<string> {
  const section = (await readFile(PAGE, 'utf8')).split('\n## ').find((text) => text.startsWith('Roles'));
  return [...(section ?? '').matchAll(/```sql\n([^`]+)```/g)].map(([, sql]) => sql).join('\n');
}

async function openRoles() {
  const server = await postgresServer();
  const name = await server.createDatabase();
  await server.query(name, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  await server.query(name, await statements());
  const place = await Workplace.open(await openSandbox());
  await place.manifest([{ name: 'orders', handler: 'https://a.example/orders', trigger: 'create' }]);
  const as = (role: keyof typeof PASSWORDS, ...args: string[]) => {
    place.environment.PGPASSWORD = PASSWORDS[role];
    return place.run(...args, '--state', `postgres://webhooks_${role}@127.0.0.1:${server.port}/${name}`);
  };
  return { as, place, query: (sql: string) => server.query(name, sql) };
}

describe('the roles of docs/postgresql.md', () => {
  it('are enough for what each is for, and for no more', async () => {
    const { as, query } = await openRoles();
    // Nobody but the owner may make the tables, and who may not is told what does.
    expect(await as('writer', 'apply', '--init')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/has no schema yet.*\n.*`state migrate`/),
    });
    expect(await as('owner', 'state', 'migrate')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('has schema version 2 now; it had none'),
    });
    expect((await as('owner', 'state', 'migrate')).stdout).toContain('has schema version 2 already');
    expect(await as('writer', 'apply', '--init')).toMatchObject({ code: 0 });
    expect(await as('writer', 'apply')).toMatchObject({ code: 0 });
    expect(await as('reader', 'plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
    expect((await as('reader', 'list')).stdout).toContain('orders');
    expect(await as('reader', 'apply')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this user may not do that'),
    });
    const doctor = async (role: keyof typeof PASSWORDS) =>
      JSON.parse((await as(role, 'doctor', '--json', '--no-handlers')).stdout) as {
        checks: { check: string; status: string; message: string }[];
      };
    const stateRows = ({ checks }: Awaited<ReturnType<typeof doctor>>) =>
      checks.flatMap(({ check, status, message }) =>
        check.startsWith('state-') ? [`${status} ${check}: ${message}`] : [],
      );
    expect(stateRows(await doctor('writer'))).toEqual([
      expect.stringMatching(/^ok state-database: postgres:.*: PostgreSQL \d+, not encrypted$/),
      expect.stringContaining('warning state-database: it has fsync off'),
      'ok state-rights: this user may read and write; `state migrate` needs the owner',
      'ok state-holder: held by nobody now',
      'ok state-schema: schema version 2, 1 webhook',
      expect.stringContaining('ok state-account'),
    ]);
    expect(stateRows(await doctor('owner'))).toContain(
      'ok state-rights: this user may read and write, and update the schema',
    );
    expect(stateRows(await doctor('reader'))).toContain(
      'warning state-rights: this user may only read: `plan` and `list` work, `apply` and `run` do not',
    );
    const may = (role: string, table: string, right: string) =>
      `has_table_privilege('webhooks_${role}', 'copernica_webhooks.${table}', '${right}')`;
    const [rights] = await query(`SELECT ${may('writer', 'record', 'TRUNCATE')} AS truncates,
      has_schema_privilege('webhooks_writer', 'copernica_webhooks', 'CREATE') AS makes,
      ${may('reader', 'record', 'INSERT')} AS inserts`);
    expect(rights).toEqual({ truncates: false, makes: false, inserts: false });

    // An older schema: the owner's `state migrate` brings it up to date, and others say so.
    await query(`DROP TABLE copernica_webhooks.outcome, copernica_webhooks.record, copernica_webhooks.lease,
      copernica_webhooks.process, copernica_webhooks.state; UPDATE copernica_webhooks.version SET version = 0`);
    for (const command of ['apply', 'plan', 'list']) {
      expect(await as('writer', command)).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/has schema version 0.*\n.*`state migrate`/),
      });
    }
    expect((await as('owner', 'state', 'migrate')).stdout).toContain('it had 0');
    expect(await as('writer', 'apply', '--init')).toMatchObject({ code: 0 });

    await query('UPDATE copernica_webhooks.version SET version = 99');
    for (const [role, ...args] of [
      ['owner', 'state', 'migrate'],
      ['writer', 'apply'],
      ['reader', 'list'],
    ] as const) {
      expect(await as(role, ...args)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('version 99 of the schema'),
      });
    }
  });
});
