import type { Exchange } from './answer.js';
import { type DeliveryError, deliveryErrors, logfileNames } from './answers.js';
import type { Outcome } from './api.js';
import { safeText } from './outcome.js';
import { type ApiRequest, Requests, type RequestsOptions } from './requests.js';

const TYPE = 'feedback-loop-errors';
/** A day seems to have one file. */
const MOST_FILES = 5;

export interface DeliveryErrors {
  readonly errors: readonly DeliveryError[];
  /** False: there are more, in files that were not read. */
  readonly isWhole: boolean;
}

/**
 * The failed calls of handlers that Copernica logged on a day, `YYYY-MM-DD`: from a limited number of files, each no
 * larger than an answer may be. The log does not say which webhook each was for. Asks once; never throws because of the
 * network or Copernica.
 */
export async function readDeliveryErrors(options: RequestsOptions, date: string): Promise<Outcome<DeliveryErrors>> {
  const requests = new Requests(options);
  const get = async <T>(request: Omit<ApiRequest, 'method'>, decide: (exchange: Exchange) => Outcome<T>) => {
    const exchange = await requests.send({ ...request, method: 'GET' });
    const outcome = 'ok' in exchange ? exchange : decide(exchange);
    return outcome.ok ? outcome : { ...outcome, message: safeText(outcome.message, requests.redact) };
  };
  try {
    const listed = await get({ resource: 'logfiles', query: `date=${date}&type=${TYPE}` }, logfileNames);
    if (!listed.ok) return listed;
    const names = listed.value.filter((name) => name.startsWith(TYPE));
    const errors: DeliveryError[] = [];
    let isWhole = names.length <= MOST_FILES;
    for (const name of names.slice(0, MOST_FILES)) {
      const read = await get({ resource: `logfile/${encodeURIComponent(name)}/json` }, deliveryErrors);
      if (!read.ok) return read;
      if (read.value === 'too-large') isWhole = false;
      else errors.push(...read.value);
    }
    return { ok: true, value: { errors, isWhole } };
  } finally {
    await requests.close();
  }
}
