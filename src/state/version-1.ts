type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A version 1 record in today's form; any other is returned unchanged. The first compaction of a state file ends
 * version 1. Before that, today's records may follow its own.
 */
export function fromVersion1(record: JsonObject): JsonObject {
  const { type, ...rest } = record;
  switch (type) {
    case 'doomed':
      return { type: 'deleting', ...rest };
    case 'doomedWebhook':
      return { type: 'pendingDelete', ...rest };
    case 'undoubted':
      return { type: 'cleared', ...rest };
    case 'absent':
      return { type: 'closed', ...rest, witness: null };
    case 'possiblyDuplicated': {
      if (!('from' in rest || 'to' in rest)) return record;
      const { from, to, ...others } = rest;
      return { type, ...others, ranges: [{ from, to }] };
    }
    default:
      return record;
  }
}
