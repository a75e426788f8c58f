type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A record as version 1 wrote it, in the form of today. What is not a record of version 1 is given back as it is.
 * Version 1 ends with the first compaction of a state file; records of today may follow its records before that.
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
