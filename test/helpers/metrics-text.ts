/** One sample of the text format of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/;
const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

/**
 * Reads the text format strictly, and complains of what promtool would: samples without or before their HELP and TYPE,
 * a name or set of labels twice, counters that are not called `_total`, units other than base units.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function readMetrics(text: string): { readonly samples: readonly Sample[]; readonly complaints: string[] } {
  const complaints: string[] = [];
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  if (!text.endsWith('\n')) complaints.push('the last line does not end');
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const help = HELP.exec(line)?.[1];
    const [, typed, type] = TYPE.exec(line) ?? [];
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (help !== undefined) {
      if (helps.has(help)) complaints.push(`second HELP of ${help}`);
      helps.add(help);
    } else if (typed !== undefined && type !== undefined) {
      if (types.has(typed)) complaints.push(`second TYPE of ${typed}`);
      if (!helps.has(typed)) complaints.push(`TYPE of ${typed} without HELP`);
      if (type === 'counter' && !typed.endsWith('_total')) complaints.push(`counter ${typed} is not called _total`);
      if (type !== 'counter' && typed.endsWith('_total')) complaints.push(`${type} ${typed} is called _total`);
      if (/_(ms|millis|milliseconds|minutes|kb|mb)(_|$)/.test(typed)) complaints.push(`${typed} is not in base units`);
      types.set(typed, type);
    } else if (name !== undefined && value !== undefined) {
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      if (!types.has(family)) complaints.push(`sample of ${name} without TYPE`);
      const key = `${name}{${labels
        .split(/,(?=[a-zA-Z_])/)
        .sort()
        .join(',')}}`;
      if (seen.has(key)) complaints.push(`${key} twice`);
      seen.add(key);
      samples.push({ name, labels, value: Number(value.replace('Inf', 'Infinity')) });
    } else complaints.push(`not understood: ${line}`);
  }
  return { samples, complaints };
}
