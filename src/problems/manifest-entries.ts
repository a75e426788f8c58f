// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import type { ProblemInfo } from './info.js';

/** About what the manifest says. */
export const MANIFEST_ENTRIES = {
  'empty-manifest': {
    ends: 'input',
    means: 'There is nothing in the manifest. That is more often an accident than a wish.',
    remedy: 'If there shall be no webhooks at all, write `webhooks: []`.',
  },
  'bad-manifest': {
    ends: 'input',
    means: 'The manifest is not a mapping with a list under `webhooks`.',
    remedy: 'Begin with `webhooks:` and list the entries below it, each with a dash.',
  },
  'bad-entry': {
    ends: 'input',
    means: 'An item of the list is empty, or no mapping.',
    remedy: 'Write `- name: …`, and under it `handler: …` and `trigger: …`; or remove the dash.',
  },
  'missing-field': {
    ends: 'input',
    means: 'A field that is required is not there.',
    remedy: 'Add it. An entry needs `name`, `handler` and `trigger`.',
  },
  'empty-field': {
    ends: 'input',
    means: 'A field is there and has no value.',
    remedy: 'Give it one, or leave the line out where the field is optional.',
  },
  'unknown-field': {
    ends: 'input',
    means: 'There is no field of that name.',
    remedy:
      'Mend the name; a near one is suggested. At the top level, names that begin with `x-` are yours, for anchors.',
  },
  'bad-name': {
    ends: 'input',
    means: 'A name is empty, too long, or holds other characters than letters, digits, `.`, `_` and `-`.',
    remedy:
      'Give another name. Until the entry has been applied that costs nothing; after that it is a rename, which sends nothing either.',
  },
  'bad-handler': {
    ends: 'input',
    means: 'A handler is no absolute `https` or `http` URL that can be sent as it stands.',
    remedy: 'Write it in full, such as `https://example.com/copernica`.',
  },
  'bad-trigger': {
    ends: 'input',
    means: 'There is no such trigger.',
    remedy: 'Use one of those that the message names.',
  },
  'bad-callers': {
    ends: 'input',
    means: '`callers` is no list, an empty one, or names one twice.',
    remedy: 'Write `callers: [ms, publisher]` or one of the two; left out, it means both.',
  },
  'bad-caller': {
    ends: 'input',
    means: 'An item of `callers` is empty or not known.',
    remedy: 'Known are `ms` and `publisher`.',
  },
  'bad-id': {
    ends: 'input',
    means:
      '`database` or `collection`, or the id that was given to `import`, is neither an id nor, in a manifest, a name.',
    remedy: 'Ids are whole numbers above 0, in digits and without leading zeros.',
  },
  'collection-without-database': {
    ends: 'input',
    means: 'A collection is called by its name, and the entry does not say in which database.',
    remedy: 'Add `database`, or write the id of the collection.',
  },
  'duplicate-name': {
    ends: 'input',
    means: 'Two entries have one name.',
    remedy: 'Give each a name of its own.',
  },
  'duplicate-webhook': {
    ends: 'input',
    means: 'Two entries ask for the very same webhook, however each writes it: every event would be delivered twice.',
    remedy: 'Remove one of them.',
  },
  'bad-reference': {
    ends: 'input',
    means: 'What begins with `${` is no reference to a variable.',
    remedy: 'Write `${NAME}` or `${NAME:-default}`; `$${` is a literal `${`.',
  },
  'unset-variable': {
    ends: 'input',
    means: 'A variable of the environment that the manifest refers to is not set, or empty.',
    remedy: 'Set it where the program runs, or give a default: `${NAME:-default}`.',
  },
  'credential-variable': {
    ends: 'input',
    means:
      'The variable holds an access token or another well-known credential, which a manifest can’t send to a handler.',
    remedy: 'Use a variable made for this handler, with a secret of its own.',
  },
  'too-long': {
    ends: 'input',
    means: 'A value with variables in it is longer than any that could be sent.',
    remedy: 'Shorten it.',
  },
  'unknown-database': {
    ends: 'input',
    means: 'The account has no database of that name or id. Found when the account is asked: `validate` can’t know.',
    remedy:
      'Mend the name (one that was renamed since is named in the message), or make the database in Copernica first.',
  },
  'unknown-collection': {
    ends: 'input',
    means: 'The database has no collection of that name. Found when the account is asked.',
    remedy: 'Mend the name, or make the collection in Copernica first.',
  },
  'ambiguous-database': {
    ends: 'input',
    means: 'The account has several databases of that name.',
    remedy: 'Write the id of the one that is meant; the message has them.',
  },
  'ambiguous-collection': {
    ends: 'input',
    means: 'The database has several collections of that name.',
    remedy: 'Write the id of the one that is meant; the message has them.',
  },
  'insecure-handler': {
    ends: 'warning',
    means: 'A handler uses `http`: events, with personal data in them, are sent in the clear.',
    remedy: 'Use `https`.',
  },
  'unreachable-handler': {
    ends: 'warning',
    means: 'Copernica calls from the internet, and the handler’s host is not known or not routed there.',
    remedy: 'Give a host that is public.',
  },
  'password-in-file': {
    ends: 'warning',
    means: 'A handler has a password in it, readable by everybody who may read the file.',
    remedy:
      'Take it from the environment, such as `https://${HOOK_USER}:${HOOK_PASSWORD}@example.com`, and change the password.',
  },
  'handler-fragment': {
    ends: 'warning',
    means: 'A handler has a part after `#`, which is never sent.',
    remedy: 'Remove it.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;
