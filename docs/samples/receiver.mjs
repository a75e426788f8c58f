// A receiver of webhook calls that takes only those that Copernica signed: see docs/signatures.md.
// Node 20 or later, nothing to install:
//   COPERNICA_ACCOUNT=1234 PUBLIC_HOST=hooks.example.com PORT=8080 node receiver.mjs
import { createHash, createPublicKey, verify } from 'node:crypto';
import { resolveTxt } from 'node:dns/promises';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

/** What a signature of Copernica covers at least. A call that has less of it signed is not theirs. */
const SIGNED = ['(request-target)', 'host', 'date', 'digest', 'x-copernica-id'];
const MAX_AGE_MS = 60_000;
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Why a call is not one of Copernica for this account and host; undefined: it is. Throws where DNS can't be asked. */
async function whyRefused({ method, url, headers }, body, { account, host, now, findKey }) {
  const missing = ['host', 'date', 'digest', 'x-copernica-id', 'signature'].find((name) => !headers[name]);
  if (missing) return `it has no header ${missing}`;
  if (headers.host.toLowerCase() !== host) return 'it was sent to another host';
  // The documentation writes a hyphen; the vendor's verifier, in its example, an underscore.
  if (![`account-${account}`, `account_${account}`].includes(headers['x-copernica-id']))
    return 'it is of another account';
  // The other way round, a date that can't be read would pass.
  if (!(Math.abs(now() - Date.parse(headers.date)) <= MAX_AGE_MS)) return 'its date is not of this minute';
  const [, digest] = /^sha-256=(.*)$/i.exec(headers.digest) ?? [];
  if (digest !== createHash('sha256').update(body).digest('base64')) return 'its body is not what its digest says';

  const parameters = headers.signature.matchAll(/(keyId|headers|signature)="([^"]*)"/g);
  const { keyId = '', headers: list = '', signature = '' } = Object.fromEntries([...parameters].map((m) => m.slice(1)));
  const names = list.toLowerCase().split(/\s+/);
  const unsigned = SIGNED.find((name) => !names.includes(name));
  if (unsigned) return `its signature leaves out ${unsigned}`;
  if (new Set(names).size < names.length) return 'its signature names a header twice';
  // Whoever signs may say any name: only who has the domain can publish a key below it.
  if (!/^[\w.-]+\.copernica\.com$/i.test(keyId)) return 'its key is not one of copernica.com';
  const key = await findKey(keyId);
  if (!key) return 'its key is not published';
  const signedValue = (name) =>
    name === '(request-target)' ? `${method.toLowerCase()} ${url}` : (headers[name] ?? '');
  const text = names.map((name) => `${name}: ${signedValue(name)}`).join('\n');
  // Always this algorithm, whatever the call names: it is not for the sender to choose.
  const isValid = verify('rsa-sha256', Buffer.from(text, 'latin1'), key, Buffer.from(signature, 'base64'));
  return isValid ? undefined : 'its signature is not of that key';
}

/** The key that a domain publishes as DKIM does; undefined where there is none. */
export async function findKeyInDns(name, lookUp = resolveTxt) {
  const records = await lookUp(name).catch((error) => {
    if (['ENOTFOUND', 'ENODATA'].includes(error.code)) return [];
    throw error;
  });
  const tag = (text) => text.split('=', 2).map((part) => part.trim());
  const tagsOf = (record) => Object.fromEntries(record.split(';').map(tag));
  // DNS cuts a long record into pieces.
  const { p } = records.map((pieces) => tagsOf(pieces.join(''))).find(({ v }) => v === 'DKIM1') ?? {};
  return p && createPublicKey({ key: Buffer.from(p, 'base64'), format: 'der', type: 'spki' });
}

/**
 * A server that gives each call which Copernica signed to `onCall`, and answers 204 when that is done; 403 to others.
 * Behind a proxy that does TLS, `host` is what Copernica calls, and the proxy leaves path and headers as they are.
 */
export function createReceiver({ account, host, onCall, findKey = findKeyInDns, now = Date.now }) {
  return createServer(async (request, response) => {
    try {
      const chunks = [];
      let size = 0;
      for await (const chunk of request) {
        size += chunk.length;
        if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      }
      if (size > MAX_BODY_BYTES) return response.writeHead(413).end();
      const body = Buffer.concat(chunks);
      const reason = await whyRefused(request, body, { account, host, findKey, now });
      if (reason) return response.writeHead(403).end(`refused: ${reason}\n`);
      await onCall({ path: request.url, contentType: request.headers['content-type'], body });
      response.writeHead(204).end();
    } catch (error) {
      // DNS is away, or onCall failed: nothing is known against the call, and nothing was done.
      console.error(error.message);
      response.writeHead(503).end();
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { COPERNICA_ACCOUNT: account, PUBLIC_HOST: host, PORT = '8080' } = process.env;
  if (!account || !host) throw new Error('set COPERNICA_ACCOUNT and PUBLIC_HOST');
  const onCall = ({ path, contentType, body }) => console.log(`${path}: ${body.length} bytes of ${contentType}`);
  const server = createReceiver({ account, host, onCall });
  server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));
}
