import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Problem } from './errors.js';
import type { TextSink } from './host.js';
import { printable, printableJson, printableLines } from './text/printable.js';

export interface LogOptions {
  readonly level: string;
  readonly format: 'pretty' | 'json';
  readonly color: boolean;
  readonly sink: TextSink;
  /** Removes secrets from a line: the last safeguard for everything logged. */
  readonly redact: (text: string) => string;
}

/** A logger that writes each line to the sink at once, in order. */
export function createLog(options: LogOptions): Logger {
  const lines: DestinationStream = { write: (line) => options.sink.offer(options.redact(line)) };
  const json: DestinationStream = { write: (line) => lines.write(printableJson(line)) };
  const destination = options.format === 'json' ? json : prettyStream(lines, options.color);
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  // Levels as words, since people and log collectors search for these.
  return pino({ ...settings, formatters: { level: (label) => ({ level: label }) } }, destination);
}

/** Logs a problem: the message for people, its fields for programs. `about`: further fields. */
export function logProblem(log: Logger, problem: Problem, about: object = {}): void {
  const { code, severity, message, name, file, line, column, remedy } = problem;
  const fields = { ...about, code, ...(name === undefined ? {} : { name }), file, line, column, remedy };
  if (severity === 'error') log.error(fields, message);
  else if (severity === 'warning') log.warn(fields, message);
  else log.info(fields, message);
}

/** A plain stream, since transports run in worker threads and lose lines when a process ends. */
function prettyStream(lines: DestinationStream, color: boolean): DestinationStream {
  const pretty = prettyFactory({
    colorize: color,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  return { write: (line) => lines.write(pretty(harmless(JSON.parse(line)))) };
}

/** Names and messages can come from a state file or the account: a terminal must not act on them. */
function harmless(value: unknown): unknown {
  if (typeof value === 'string') return printableLines(value);
  if (Array.isArray(value)) return value.map(harmless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), harmless(inner)]));
}
