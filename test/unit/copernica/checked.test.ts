import { expect, it } from 'vitest';
import type { CopernicaApi } from '../../../src/copernica/api.js';
import { withCheck } from '../../../src/copernica/checked.js';

it('a request is not sent where the check throws, which is made before each one', async () => {
  const sent: string[] = [];
  const note = (call: string) => async () => void sent.push(call);
  const api = { deleteWebhook: note('delete'), readWebhook: note('read') } as unknown as CopernicaApi;
  let failure: Error | null = null;
  const checked = withCheck(api, () => {
    if (failure !== null) throw failure;
  });
  await checked.deleteWebhook(1);
  failure = new Error('the journal is broken');
  await expect(checked.deleteWebhook(2)).rejects.toThrow('the journal is broken');
  await expect(checked.readWebhook(2)).rejects.toThrow('the journal is broken');
  expect(sent).toEqual(['delete']);
});
