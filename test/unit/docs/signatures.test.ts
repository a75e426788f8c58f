import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../helpers/raw-server.js';

interface Call {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}
type FindKey = (name: string) => Promise<KeyObject | undefined>;
interface Sample {
  createReceiver(options: {
    readonly account: string;
    readonly host: string;
    readonly onCall: (call: Call) => void;
    readonly findKey: FindKey;
    readonly now: () => number;
  }): Server;
  findKeyInDns(name: string, lookUp: (name: string) => Promise<string[][]>): Promise<KeyObject | undefined>;
}

const FILE = new URL('../../../docs/samples/receiver.mjs', import.meta.url);
const { createReceiver, findKeyInDns } = (await import(FILE.href)) as Sample;

const HOST = 'hooks.example.com';
const KEY_ID = 'one._domainkey.copernica.com';
const NOW = Date.parse('2026-11-26T12:00:00Z');
const BODY = 'type=create&profile=7';
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const another = generateKeyPairSync('rsa', { modulusLength: 2048 });
const findKey: FindKey = async (name) => (name === KEY_ID ? publicKey : undefined);

const utc = (time: number) => new Date(time).toUTCString();
const digestOf = (body: string) => `SHA-256=${createHash('sha256').update(body).digest('base64')}`;

/** What a call has before it is signed. */
interface Draft {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly signed: readonly string[];
  readonly keyId: string;
  readonly key: KeyObject;
}

function draft(changes: Partial<Draft> = {}): Draft {
  const headers = {
    Host: HOST,
    Date: utc(NOW),
    'X-Copernica-ID': 'account-1234',
    Digest: digestOf(BODY),
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': `${BODY.length}`,
    'X-Nonce': 'fsd9f2',
    ...changes.headers,
  };
  const signed = ['(request-target)', ...Object.keys(headers)];
  return { path: '/created?of=crm', signed, keyId: KEY_ID, key: privateKey, ...changes, headers };
}

/** As draft-cavage-http-signatures-11 says, with the names as the vendor's example writes them. */
function signCall({ path, headers, signed, keyId, key }: Draft): Record<string, string> {
  const lines = signed.map((name) => {
    const value = name === '(request-target)' ? `post ${path}` : headers[name];
    return `${name.toLowerCase()}: ${value}`;
  });
  const signature = sign('rsa-sha256', Buffer.from(lines.join('\n')), key).toString('base64');
  const names = `keyId="${keyId}",algorithm="rsa-sha256",headers="${signed.join(' ')}"`;
  return { ...headers, Signature: `${names},signature="${signature}"` };
}

interface Sent {
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function post(port: number, { path = '/created?of=crm', headers, body = BODY }: Sent) {
  const sending = request({ host: '127.0.0.1', port, method: 'POST', path, headers });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, reason: Buffer.concat(chunks).toString('utf8') };
}

/** What the receiver answers to a call, and what it took. */
async function receive(call: Sent, find = findKey) {
  const taken: Call[] = [];
  const receiver = createReceiver({
    account: '1234',
    host: HOST,
    onCall: (each) => taken.push(each),
    findKey: find,
    now: () => NOW,
  });
  onTestFinished(() => void receiver.close());
  return { ...(await post(await listen(receiver), call)), taken };
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));
}

describe('the receiver of docs/signatures.md', () => {
  it('takes a call that is signed as the vendor documents it, with its body as it came', async () => {
    const answer = await receive({ headers: signCall(draft()) });
    expect(answer).toMatchObject({ status: 204, taken: [{ path: '/created?of=crm' }] });
    expect(String(answer.taken[0]?.body)).toBe(BODY);
  });

  it('takes the account’s id as the vendor’s verifier writes it, too', async () => {
    const headers = signCall(draft({ headers: { 'X-Copernica-ID': 'account_1234' } }));
    expect(await receive({ headers })).toMatchObject({ status: 204 });
  });

  const signedWith = (headers: Record<string, string>) => signCall(draft({ headers }));
  const leavingOut = (name: string) => draft().signed.filter((each) => each !== name);
  const refused: readonly (readonly [string, string, Sent])[] = [
    ['a changed body', 'body', { headers: signCall(draft()), body: BODY.replace('7', '8') }],
    [
      'a digest of the changed body',
      'not of that key',
      { headers: { ...signCall(draft()), Digest: digestOf('type=delete&profile=7') }, body: 'type=delete&profile=7' },
    ],
    ['another path', 'not of that key', { headers: signCall(draft()), path: '/deleted' }],
    ['a date of a minute ago', 'date', { headers: signedWith({ Date: utc(NOW - 61_000) }) }],
    ['a date that is yet to come', 'date', { headers: signedWith({ Date: utc(NOW + 61_000) }) }],
    ['a date that can’t be read', 'date', { headers: signedWith({ Date: 'soon' }) }],
    ['the key of somebody else', 'not of that key', { headers: signCall(draft({ key: another.privateKey })) }],
    [
      'a key outside of copernica.com',
      'copernica.com',
      { headers: signCall(draft({ keyId: 'one.notcopernica.com' })) },
    ],
    ['a key that is not published', 'not published', { headers: signCall(draft({ keyId: 'two.copernica.com' })) }],
    ['the signature of another account', 'account', { headers: signedWith({ 'X-Copernica-ID': 'account-12345' }) }],
    ['the signature for another host', 'host', { headers: signedWith({ Host: 'other.example.com' }) }],
    ['a name that is signed twice', 'twice', { headers: signCall(draft({ signed: [...draft().signed, 'Host'] })) }],
    ['a digest of another algorithm', 'digest', { headers: signedWith({ Digest: 'MD5=x' }) }],
    ...['Digest', 'Date', 'X-Copernica-ID', 'Signature'].map(
      (name) =>
        [`no ${name}`, `no header ${name.toLowerCase()}`, { headers: without(signCall(draft()), name) }] as const,
    ),
    ...['(request-target)', 'Host', 'Date', 'Digest', 'X-Copernica-ID'].map(
      (name) => [`${name} unsigned`, 'leaves out', { headers: signCall(draft({ signed: leavingOut(name) })) }] as const,
    ),
  ];
  it.each(refused)('refuses a call with %s', async (_what, reason, sent) => {
    const answer = await receive(sent);
    expect(answer).toMatchObject({ status: 403, taken: [] });
    expect(answer.reason).toContain(reason);
  });

  it('takes nothing while DNS can’t be asked, and says that it is not the call’s fault', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => log.mockRestore());
    const away = () => Promise.reject(new Error('queryTxt ETIMEOUT'));
    expect(await receive({ headers: signCall(draft()) }, away)).toMatchObject({ status: 503, taken: [] });
    expect(log).toHaveBeenCalledWith('queryTxt ETIMEOUT');
  });

  it('finds the key in a TXT record that DNS cut into pieces, beside records of another kind', async () => {
    const record = `v=DKIM1; k=rsa; p=${publicKey.export({ format: 'der', type: 'spki' }).toString('base64')}`;
    const lookUp = async () => [['google-site-verification=x'], [record.slice(0, 255), record.slice(255)]];
    expect((await findKeyInDns(KEY_ID, lookUp))?.equals(publicKey)).toBe(true);
    const unknown = () => Promise.reject(Object.assign(new Error('queryTxt ENOTFOUND'), { code: 'ENOTFOUND' }));
    expect(await findKeyInDns(KEY_ID, unknown)).toBeUndefined();
    expect(await findKeyInDns(KEY_ID, async () => [['v=DKIM1; p=']])).toBeFalsy();
  });

  it('runs by itself, as the page says', async () => {
    const env = { ...process.env, COPERNICA_ACCOUNT: '1234', PUBLIC_HOST: HOST, PORT: '0' };
    const child: ChildProcess = spawn(process.execPath, [fileURLToPath(FILE)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    const [, port] = /port (\d+)/.exec(String(said)) ?? [];
    expect(await post(Number(port), { headers: { Host: HOST } })).toMatchObject({
      status: 403,
      reason: 'refused: it has no header date\n',
    });
  });
});
