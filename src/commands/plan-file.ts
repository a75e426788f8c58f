import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { errorCode, productError } from '../errors.js';
import { type SavedPlans, savedPlansSchema } from '../plan/saved.js';
import { readSmallFile } from '../settings/small-file.js';

/** 10,000 changes with long handlers are much smaller. */
const LARGEST_PLAN_BYTES = 64 * 1024 * 1024;

/**
 * Writes plans to the file of `--out`, readable only by its owner, completely or not at all. Throws ProductError of
 * kind `input` if that fails.
 */
export async function writePlans(path: string, plans: SavedPlans): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(beside, `${JSON.stringify(plans, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw productError('input', {
      code: 'file-unwritable',
      message: `the plan can't be written to ${path} (${errorCode(error) || 'unknown error'})`,
      remedy: 'check that its folder exists and can be written to',
    });
  }
}

/** Reads what `writePlans` wrote. Throws ProductError of kind `input` for anything else. */
export async function readPlans(path: string): Promise<SavedPlans> {
  const text = await readSmallFile(path, 'saved plan', LARGEST_PLAN_BYTES);
  const parsed = savedPlansSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw productError('input', {
    code: 'bad-plan',
    message: `${path} is not a plan written by "plan --out"${place === '' ? '' : `: "${place}" ${issue?.message ?? ''}`}`,
    file: path,
    remedy: 'save one with "copernica-webhooks plan --out FILE"',
  });
}

/** Undefined: it is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
