import * as z from 'zod';
import { parseUrl } from '../../text/parse-url.js';
import type { ApiRequest } from './http.js';

// Deliberately not taken from src/webhook.ts: a trigger that is wrong in the manifest must be refused here.
const TRIGGERS = [
  ...['create', 'update', 'delete', 'click', 'delivery', 'open', 'bounce', 'failure'],
  'unsubscribe',
] as const;
/** A webhook without any is called by both. */
export const CALLERS = ['ms', 'publisher'] as const;

const isHandler = (text: string) => /^https?:\/\//i.test(text) && parseUrl(text) !== null;
const limit = z
  .union([z.number(), z.string()])
  .refine((value) => /^[1-9]\d{0,14}$/.test(String(value)))
  .transform(Number)
  .nullish()
  .transform((id) => id ?? null);

/** What Copernica accepts. It ignores unknown fields. */
const webhookSchema = z.object({
  handler: z.string().refine(isHandler),
  trigger: z.enum(TRIGGERS),
  callers: z
    .array(z.enum(CALLERS))
    .nullish()
    .transform((callers) => (callers == null || callers.length === 0 ? undefined : [...new Set(callers)])),
  database: limit,
  collection: limit,
});

/** The fields of a webhook after validation. `callers` undefined: none were given. */
export type WebhookData = z.output<typeof webhookSchema>;

/** The webhook that the properties describe. Null: Copernica would answer `Invalid data provided`. */
export function webhookData(properties: unknown): WebhookData | null {
  return webhookSchema.safeParse(properties).data ?? null;
}

/** The properties in the body, JSON or form. Null: it is neither, or its content type says something else. */
export function readBody(request: ApiRequest): Readonly<Record<string, unknown>> | null {
  const type = mediaType(request);
  if (type === 'application/json') return readJsonObject(request.body);
  if (type === 'application/x-www-form-urlencoded') return readForm(request.body);
  return null;
}

/** The content type without its parameters, in lower case. */
export function mediaType({ headers }: ApiRequest): string {
  return ((headers['content-type'] ?? '').split(';', 1)[0] ?? '').trim().toLowerCase();
}

export function readJsonObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** As PHP does: `callers[]=ms&callers[]=publisher` is a list. */
function readForm(text: string): Record<string, unknown> {
  const form = new URLSearchParams(text);
  const callers = form.getAll('callers[]');
  return { ...Object.fromEntries(form), ...(callers.length > 0 && { callers }) };
}
