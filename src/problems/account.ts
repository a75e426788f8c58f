import type { CallFailure } from '../copernica/api.js';
import type { ProblemInfo } from './info.js';

/** How a call can fail, each with a code of its own. */
const CALLS = {
  'api-not-sent': {
    ends: 'failed',
    means:
      'The request never left: the name was not found, the connection was refused, or TLS failed. Nothing was changed.',
    remedy: 'Check the network, the proxy and `--api-url`. It is tried again at the next run.',
  },
  'api-turned-away': {
    ends: 'failed',
    means:
      'The API took no request for want of capacity (429, or 503 of its load balancer), several tries long. Nothing was changed.',
    remedy: 'Usually nothing: it is tried again at the next run. If it stays, lower `--concurrency`.',
  },
  'api-refused': {
    ends: 'failed',
    means: 'The API said no, and why stands in the message. Nothing was changed.',
    remedy:
      'For one webhook: validate the domain of the handler in the dashboard, and check that database and collection exist. For all: check the token, and whether it is limited to an API version or to addresses.',
  },
  'api-unknown': {
    ends: 'failed',
    means:
      'There was no answer that tells whether the call worked: time-out, lost connection, 5xx, a body that can’t be read, or a refusal that is not in Copernica’s own form and may be a proxy’s. A create is `uncertain-create` instead.',
    remedy:
      'Usually nothing: it is tried again at the next run, which does no harm. If it is always 401 or 403, check the token, and the proxy if there is one.',
  },
} as const satisfies Readonly<Record<`api-${CallFailure['kind']}`, ProblemInfo>>;

/** About what the account, through its API, says. */
export const ACCOUNT = {
  ...CALLS,
  unread: {
    ends: 'failed',
    means: 'Webhooks could not be read in the check of the live ones, and were left as they are.',
    remedy: 'Usually nothing: the next run looks again.',
  },
  'possibly-duplicated': {
    ends: 'warning',
    means:
      'A second webhook like this one may be among the ids that are named, which were not looked at. Told until somebody has looked.',
    remedy: '[Look for it](operations.md#possibly-duplicated).',
  },
  'import-unread': {
    ends: 'failed',
    means: 'The webhook that `import` was given is not in this account, or could not be read. Nothing was changed.',
    remedy: 'Check the id and the token’s account.',
  },
  'import-unchecked': {
    ends: 'warning',
    means:
      'The account does not show a webhook’s database or collection, so that what the manifest says of them could not be checked.',
    remedy: 'Compare with the dashboard.',
  },
  'discovered-double': {
    ends: 'warning',
    means: 'Two webhooks of the account show the same. The second is printed commented out, and not taken over.',
    remedy:
      'If it is a double, delete it in the dashboard. If a database or collection tells them apart, write both entries and import each by its id.',
  },
  'import-unknown-trigger': {
    ends: 'failed',
    means: 'The webhook has a trigger that this version does not know. Nothing was changed.',
    remedy: 'Upgrade.',
  },
  'nowhere-to-look': {
    ends: 'failed',
    means: '`discover` has neither a list of the account’s webhooks nor an id to look around.',
    remedy: 'Give `--from` and `--to`: the dashboard shows the ids of a few.',
  },
  'discover-incomplete': {
    ends: 'failed',
    means: '`discover` was stopped, or the API failed, before all ids were looked at. What was found is printed.',
    remedy: 'Look at the rest with `--from` and `--to`.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;
