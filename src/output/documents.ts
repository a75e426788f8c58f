import * as z from 'zod';
import { ACTIONS } from '../plan/change.js';
import type { DocumentName } from './document-names.js';

/**
 * The documents that `--json` prints, as schemas: `schema --of plan` publishes them, and tests compare real output with
 * them. A field is added here first; none is renamed or removed.
 */

const text = z.string();
const count = z.int().nonnegative();
const id = z.int().positive();

const problem = z.strictObject({
  code: text.describe('stable, see docs/errors.md'),
  message: text,
  name: text.nullable().describe('the entry it is about'),
  file: text.nullable(),
  line: id.nullable(),
  column: id.nullable(),
  remedy: text.nullable().describe('what to do about it'),
  account: text.optional().describe('name of the account in the settings, where there are several'),
});
const lists = { errors: z.array(problem), warnings: z.array(problem) };
/** The whole command failed. */
const failed = z.strictObject(lists);

const label = text.nullable().optional().describe('name of the account in the settings');
const account = z.strictObject({
  label,
  id: text.nullable().describe('null: neither the account was asked, nor is there a state that knows it'),
  name: text.nullable().describe('null: the account was not asked'),
  api: text.describe('where its API is'),
});
const scope = z.union([id, text]).nullable().describe('an id; a name where it could not be looked up; null: none');
const side = z
  .strictObject({
    name: text.optional(),
    handler: text.optional().describe('as the file writes it'),
    trigger: text.optional(),
    callers: z.array(text).optional(),
    database: scope.optional(),
    collection: scope.optional(),
  })
  .nullable();
const change = z.strictObject({
  name: text,
  action: z.enum(ACTIONS),
  id: id.nullable().describe('of the webhook'),
  fields: z.array(text).describe('what differs, for update and replace'),
  before: side.describe('null: there is no webhook yet, or nothing changes'),
  after: side.describe('null: there is no webhook any more, or nothing changes'),
  reason: text,
  file: text.nullable().describe('where the entry stands; null: the manifest does not have it'),
  line: id.nullable(),
});
const applied = change.extend({
  result: z.enum(['done', 'failed', 'uncertain', 'skipped', 'refused']),
  error: problem.optional(),
});
const summary = z.strictObject({
  ...(Object.fromEntries(ACTIONS.map((action) => [action, count])) as Record<(typeof ACTIONS)[number], typeof count>),
  failed: count,
});
const digest = text.describe('sha256:…, of what would be done: the same for the same');

const range = z.strictObject({ from: id, to: id });
const listed = z.strictObject({
  account: text.optional().describe('name of the account in the settings, where there are several'),
  name: text,
  id: id.nullable(),
  status: z.enum(['created', 'uncertain', 'deleting']),
  possiblyDuplicated: z.literal(true).optional(),
  possiblyDuplicatedRange: range.optional().describe('ids among which a second webhook may be, both ends included'),
  possiblyDuplicatedRanges: z.array(range).optional().describe('the same without the ids that were ruled out'),
  candidates: z.array(id).optional().describe('webhooks of which one may be what an uncertain create made'),
  protected: z.literal(true).optional().describe('never replaced and never deleted'),
  handler: text.describe('as the file writes it'),
  trigger: text,
  callers: z.array(text),
  database: id.nullable(),
  collection: id.nullable(),
  createdAt: text.nullable().describe('ISO 8601, UTC'),
});

const checkStatus = z.enum(['ok', 'warning', 'problem', 'skipped']);
const check = z.strictObject({
  check: text,
  section: text,
  subject: text.nullable().describe('which of several: host and port'),
  status: checkStatus,
  message: text,
  remedy: text.nullable(),
});

const discovered = z.strictObject({
  id,
  name: text,
  handler: text,
  trigger: text,
  callers: z.array(text),
  database: id.nullable().optional().describe('left out: the account does not show it'),
  collection: id.nullable().optional(),
  equalTo: z
    .strictObject({ name: text, id })
    .nullable()
    .describe('another webhook that is the same in all that is shown'),
  known: z.boolean().describe('it is in the state'),
  scopeUnknown: z.boolean().describe('nobody knows to which database and collection it is limited, if to any'),
  mayBe: z.array(text).describe('entries of the manifest that it may be'),
});

const plan = z.strictObject({ account, digest, changes: z.array(change), summary, ...lists });
const apply = z.strictObject({ account, digest, changes: z.array(applied), summary, ...lists });
const validate = z.strictObject({
  account: text.optional(),
  valid: z.literal(true),
  webhooks: count,
  files: count.describe('in which the manifest is: of a folder as many as it has'),
  ...lists,
});
const doctor = z.strictObject({
  account: text.optional(),
  checks: z.array(check),
  summary: z.record(checkStatus, count),
  ...lists,
});

const verify = z.strictObject({
  account,
  apiVersion: text,
  version: text.describe('of this program'),
  checks: z.array(
    z.strictObject({
      check: text,
      reliedOn: text,
      status: z.enum(['ok', 'otherwise', 'unseen']),
      seen: text,
      means: text.nullable().describe('what it means for the promise that it is otherwise'),
      durationMs: z.number().nonnegative().nullable(),
    }),
  ),
  summary: z.strictObject({ ok: count, otherwise: count, unseen: count }),
  ...lists,
});

/** By command: for one account, for several, or for a command that failed. */
export const DOCUMENTS = {
  validate: ofAccounts(validate),
  plan: ofAccounts(plan),
  apply: ofAccounts(apply),
  list: z.union([z.array(listed), failed]),
  discover: z.union([z.strictObject({ webhooks: z.array(discovered), ...lists }), failed]),
  doctor: ofAccounts(doctor),
  verify: z.union([verify, failed]),
} as const satisfies Record<DocumentName, z.ZodType>;

function ofAccounts<Document extends z.ZodType>(document: Document) {
  const failedOne = failed.extend({ account: z.union([account, text]) });
  const several = z.strictObject({ accounts: z.array(z.union([document, failedOne])), ...lists });
  return z.union([document, several, failed]);
}

/** The JSON Schema of a document. Readers must ignore unknown fields: later versions add some. */
export function documentJsonSchema(name: DocumentName) {
  const schema = z.toJSONSchema(DOCUMENTS[name], {
    target: 'draft-2020-12',
    reused: 'ref',
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  });
  return { ...schema, title: `The document of copernica-webhooks ${name} --json` };
}
