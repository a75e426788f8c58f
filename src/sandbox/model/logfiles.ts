/** One failed call of a handler, as the account logs it. The log does not say which webhook it was for. */
export interface DeliveryError {
  /** `YYYY-MM-DD HH:MM:SS`. */
  readonly time: string;
  /** HTTP status of the handler's answer. */
  readonly response: number;
  /** Address of the handler's host. */
  readonly recipient: string;
  /** Of the handler's answer. */
  readonly header: string;
}

const TYPE = 'feedback-loop-errors';

/** GET logfiles: the names for a day and a type; without either, the days that have any. */
export function logfiles(errors: readonly DeliveryError[], query: string): readonly string[] {
  const asked = new URLSearchParams(query);
  const [date, type] = [asked.get('date'), asked.get('type')];
  const days = [...new Set(errors.map(dayOf))].sort();
  if (date === null && type === null) return days;
  if (type !== null && type !== TYPE) return [];
  return days.filter((day) => date === null || day === date).map(nameOf);
}

/** GET logfile/NAME/json. Null: there is none with that name. */
export function logfile(errors: readonly DeliveryError[], name: string): readonly DeliveryError[] | null {
  const found = errors.filter((error) => nameOf(dayOf(error)) === name);
  return found.length === 0 ? null : found;
}

function dayOf({ time }: DeliveryError): string {
  return time.slice(0, 10);
}

function nameOf(day: string): string {
  return `${TYPE}.${day}.log`;
}
