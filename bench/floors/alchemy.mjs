// The same webhooks as resources of npm's alchemy, at its best: a thousand resources at once (all of more
// run out of open files), its state in its folder of files.
// Reads no YAML (a program is its manifest), sends up to a thousand requests at a time, flushes nothing, and a crash
// between a POST and its record doubles a webhook. alchemy is no dependency: the bench installs it elsewhere.
// usage: node bench/floors/alchemy.mjs FOLDER-WITH-ALCHEMY URL N
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bodyOf } from '../entries.mjs';

const AT_ONCE = 1_000;
const [folder, url, count] = process.argv.slice(2);
const entry = join(folder, 'node_modules/alchemy/lib/index.js');
const { default: alchemy, Resource } = await import(pathToFileURL(entry).href);

const Webhook = Resource('copernica::Webhook', async function create(_id, props) {
  const answer = await fetch(`${url}/v3/webhooks?access_token=bench-token-0123456789`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(props),
  });
  await answer.arrayBuffer();
  return { webhookId: Number(answer.headers.get('x-created')), ...props };
});

const app = await alchemy('bench', { stage: 'bench', phase: 'up', quiet: true });
for (let first = 0; first < Number(count); first += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, Number(count) - first) }, (_, n) => first + n);
  await Promise.all(some.map((n) => Webhook(`w${n}`, bodyOf(n))));
}
await app.finalize();
