import { expect } from 'vitest';
import type { Workplace } from './cli.js';
import type { Step } from './page.js';

/** Types a command of a page, which must print what the page shows. Gives the exit code. */
export async function typed(place: Workplace, step: Step | undefined): Promise<number | null> {
  const [program, ...words] = step?.command.split(' ') ?? [];
  expect(program).toBe('copernica-webhooks');
  const { code, stdout, stderr } = await place.run(...words);
  const { host } = new URL(place.environment.COPERNICA_API_URL ?? 'https://api.copernica.com');
  expect(`${stderr}${stdout}`.replaceAll(host, 'api.copernica.com').trimEnd()).toBe(step?.output);
  return code;
}
