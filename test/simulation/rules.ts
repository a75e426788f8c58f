/** A rule of recovery taken out of the source, and what the simulation must say of it. */
export interface RuleSabotage {
  /** Below the folder of the project. */
  readonly file: string;
  readonly replace: string;
  readonly by: string;
  readonly shows: RegExp;
  /** Of histories that show it soon: with a stale one it takes longer. */
  readonly seed?: number;
}

const UNSAFE_PACE = /POSTs at a time, which is not safe/;
const UNKNOWN = /of ours is there, and nobody knows of it/;

/** By the number of the rule in docs/exactly-once.md. */
export const RULE_SABOTAGES: Readonly<Record<string, RuleSabotage>> = {
  '1: creates go several at a time before one was answered': {
    file: 'src/reconcile/creates.ts',
    replace: '#isTrusted = false;\n  #answered',
    by: '#isTrusted = true;\n  #answered',
    shows: UNSAFE_PACE,
  },
  '1: creates go several at a time beside open ones': {
    file: 'src/reconcile/creates.ts',
    replace: 'const isOpen = this.#state.intents.size > 0;',
    by: 'const isOpen = false; this.#isTrusted = true;',
    shows: UNSAFE_PACE,
    seed: 1,
  },
  '1: what is flushed is sent although an answer was lost meanwhile': {
    file: 'src/reconcile/creates.ts',
    replace: 'if (wasTrusted && !this.#isTrusted) return',
    by: 'if (false) return',
    shows: UNSAFE_PACE,
  },
  '2: what looks like an open one is sent beside it': {
    file: 'src/reconcile/creates.ts',
    replace: '!open.has(visibleKey(change.desired.spec))',
    by: 'true',
    shows: /is open and not settled/,
  },
  '2: what looks alike is sent at the same time': {
    file: 'src/reconcile/creates.ts',
    replace: 'groupBy(fresh, ({ desired }) => visibleKey(desired.spec))',
    by: 'groupBy(fresh, ({ name }) => name)',
    shows: /is open and under way/,
    seed: 15,
  },
  '3: what is lost is sent again before it is ripe': {
    file: 'src/reconcile/creates.ts',
    replace: '|| !this.#isAllRipe()) return;',
    by: ') return;',
    shows: /is open and not settled/,
  },
  '3: what may have been found is sent again': {
    file: 'src/recovery/sending.ts',
    replace: 'if (own.some(({ candidates }) => candidates !== undefined)) return false;',
    by: '',
    shows: /is open and may have been found/,
  },
  '4: what looks gone is made anew without being deleted': {
    file: 'src/reconcile/actions.ts',
    replace: 'const failure = await confirmGone(change.goneId, context);',
    by: "const failure = null as CallFailure | null; context.journal.write({ type: 'removed', id: change.goneId, at: at(context) });",
    shows: UNKNOWN,
  },
  '5: creates go on while answers are lost': {
    file: 'src/recovery/sending.ts',
    replace: 'if (count === 0 || lastAt === null || intents.size === 0) return 0;',
    by: 'return 0;',
    shows: /answers in a row were lost/,
    seed: 11,
  },
  '7: a found id is taken for a witness': {
    file: 'src/state/fold-intents.ts',
    replace: 'createdAt: at, found: true,',
    by: 'createdAt: at, found: true, answered: { intent: state.nextIntent - 1, at },',
    shows: UNKNOWN,
  },
  '7: an intent is closed without reading': {
    file: 'src/recovery/proof.ts',
    replace: "kind: ids.length === 0 ? 'absent'",
    by: "kind: ids.length >= 0 ? 'absent'",
    shows: UNKNOWN,
    seed: 32,
  },
  '7: reading counts although nothing of ours can be read': {
    file: 'src/recovery/read.ts',
    replace: 'async canRead(from: number): Promise<boolean> {',
    by: 'async canRead(from: number): Promise<boolean> {\n    if (from >= 0) return true;',
    shows: UNKNOWN,
  },
  '7: an id that can not be read counts as read': {
    file: 'src/recovery/read.ts',
    replace: 'failure = outcome.message;\n      unread.push(id);',
    by: 'failure = outcome.message;',
    shows: UNKNOWN,
  },
  '7: what was read before an intent was ripe counts': {
    file: 'src/recovery/proof.ts',
    replace: 'reads.filter(({ at }) => Date.parse(at) >= ripe)',
    by: 'reads.filter(() => ripe > 0)',
    shows: UNKNOWN,
  },
  '7: a list that lacks one of ours is believed': {
    file: 'src/recovery/read.ts',
    replace: 'webhooks !== null && [...this.#state.entries.values()].every(({ id }) => ids.has(id));',
    by: 'webhooks !== null && ids.size >= 0;',
    shows: UNKNOWN,
  },
  '8: what is older than an intent is taken for what it made': {
    file: 'src/recovery/matching.ts',
    replace: '(intent.above === null || webhook.id > intent.above) && looksLike',
    by: 'looksLike',
    shows: /took webhook \d+ for ours/,
  },
  '9: what is left over keeps its own bound': {
    file: 'src/state/fold-intents.ts',
    replace: 'share(state, all, intents);',
    by: '',
    shows: UNKNOWN,
  },
  '9: what was found besides is kept': {
    file: 'src/recovery/matching.ts',
    replace: 'others: known.filter((one) => one !== kept).map(({ id }) => id)',
    by: 'others: []',
    shows: UNKNOWN,
  },
  '11: what was not read is not said': {
    file: 'src/recovery/recover.ts',
    replace: 'const { witness, unread } = proof;',
    by: 'const { witness } = proof;\n    const unread = proof.unread.slice(0, 0);',
    shows: UNKNOWN,
  },
  '12: there is no second look': {
    file: 'src/recovery/recover.ts',
    replace: 'webhooks.filter((webhook) => isIn(webhook.id) && canHaveMade(intent, webhook))',
    by: 'webhooks.filter((webhook) => isIn(webhook.id) && canHaveMade(intent, webhook)).slice(0, 0)',
    shows: /the second look passed over/,
  },
  '14: an id that was given before is believed': {
    file: 'src/reconcile/post.ts',
    replace: 'if (owner === undefined && (above === null || id > above)) return outcome;',
    by: 'if (owner === undefined) return outcome;',
    shows: /took webhook \d+ for ours/,
  },
};

const WITHOUT_LEASE = /was sent without the lease/;

/** Of several processes on one state. */
export const LEASE_SABOTAGES: Readonly<Record<string, RuleSabotage>> = {
  'what is stored does not ask who has the lease': {
    file: 'test/simulation/server.ts',
    replace: 'isHeld && was === last;',
    by: 'true;',
    shows: /the records do not fit/,
  },
  'expiry is judged by the clock of whoever wants the lease': {
    file: 'test/simulation/server.ts',
    replace: 'this.#isAlive(holder.process)) return { by',
    by: '(rows.processes.get(holder.process) ?? 0) > Date.parse(about.since)) return { by',
    shows: WITHOUT_LEASE,
  },
  'a lease is trusted from the answer on': {
    file: 'src/state/postgres/membership.ts',
    replace: 'if (isRenewed === true) this.#trust(asked);',
    by: 'if (isRenewed === true) this.#trust(this.#clock.now());',
    shows: WITHOUT_LEASE,
  },
  'what a process learns that has lost its lease is thrown away': {
    file: 'src/state/postgres/store.ts',
    replace: 'if (found.state.moved === null) await takeInOutcomes',
    by: 'if (found.state.moved !== null) await takeInOutcomes',
    shows: /was told of, and nobody knows of it|nobody has taken in outcome/,
  },
  'what a process left is given up on when the lease is taken over': {
    file: 'src/recovery/recover.ts',
    replace: '(journal.predecessorUntil?.getTime() ?? 0) + timeoutMs : 0',
    by: '0 : 0',
    shows: /what was sent for intent \d+ is not settled yet/,
  },
};
