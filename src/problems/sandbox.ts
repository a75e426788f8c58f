import type { ProblemInfo } from './info.js';

/** About the stand-in for the API. */
export const SANDBOX = {
  'unknown-fault': {
    ends: 'input',
    means: 'The sandbox is told of a fault that it does not know.',
    remedy: 'Write one as [the sandbox’s page](sandbox.md#faults) has them, such as `create:after:close`.',
  },
  'unknown-sandbox-account': {
    ends: 'input',
    means: 'The sandbox is asked about an account that it does not have.',
    remedy: 'Use one of those that the message names.',
  },
  'sandbox-port': {
    ends: 'failed',
    means: 'The sandbox can’t listen on its port.',
    remedy: 'Give another with `--port`, or 0 for any free one.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;
