import type { ProblemInfo } from './info.js';

/** The remedy that fits stands beside each finding: there are several for most checks. */
const AS_PRINTED = 'As the finding says.';

const about = (means: string) => ({ ends: 'failed', means, remedy: AS_PRINTED }) as const;

/** What `doctor` finds, by the id of its check: a warning, or an error where a command would fail by it. */
export const DOCTOR = {
  'doctor-settings': about('A setting can’t be used.'),
  'doctor-environment': about('A variable looks like a setting and is none, so it has no effect.'),
  'doctor-ca-file': about('The file of `--ca-file` can’t be read, or a certificate in it has ended or soon will.'),
  'doctor-proxy': about('The proxy’s address can’t be used.'),
  'doctor-tls-verification': about(
    '`NODE_TLS_REJECT_UNAUTHORIZED` is 0. Certificates are verified nevertheless; other programs may not.',
  ),
  'doctor-token': about('There is no access token, its file can’t be read, or it is not as a token should be.'),
  'doctor-manifest': about('The manifest can’t be used, or has warnings.'),
  'doctor-manifest-mount': about('The manifest is itself a mount, so that `run` can’t see it being replaced.'),
  'doctor-state-folder': about('The folder of the state file is not there, or this user can’t write to it.'),
  'doctor-state-disk': about('The state is kept where it may be lost, or where locks and flushes may not be real.'),
  'doctor-state-space': about('The disk of the state is nearly full.'),
  'doctor-state-locks': about('Locks don’t work in the state’s folder: two processes could write at once.'),
  'doctor-state-flush': about('What is written in the state’s folder could not be flushed to disk.'),
  'doctor-state-holder': about('Another process has the lock of the state file.'),
  'doctor-state-file': about('The state file is missing, damaged, of a later version, or can’t be read or written.'),
  'doctor-state-mode': about('Others can read the state file.'),
  'doctor-uncertain': about('Creates were sent whose outcome is unknown.'),
  'doctor-possibly-duplicated': about('Webhooks may exist twice.'),
  'doctor-auth-reach': about('The authentication host of version 4 can’t be reached.'),
  'doctor-token-trade': about('The access token could not be traded for a JWT.'),
  'doctor-api-reach': about('The API’s host can’t be reached, or its certificate is not trusted.'),
  'doctor-api-answer': about('What answers at `--api-url` does not answer as Copernica does.'),
  'doctor-token-accepted': about('The API does not accept the token.'),
  'doctor-clock': about('The clocks of this machine and of the API differ.'),
  'doctor-list-call': about('Whether the account can list its webhooks could not be told.'),
  'doctor-account': about('Which account the token belongs to could not be told.'),
  'doctor-state-account': about('The state belongs to another account than the token.'),
  'doctor-handler': about(
    'The host of a handler is not known, can’t be reached by Copernica, or its certificate is not valid.',
  ),
} as const satisfies Readonly<Record<string, ProblemInfo>>;
