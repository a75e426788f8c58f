import { EXIT } from '../../../src/output/exit-code.js';
import { PROBLEM_GROUPS } from '../../../src/problems/catalogue.js';
import type { ProblemInfo } from '../../../src/problems/info.js';
import { code, table } from './markdown.js';

const HEAD = `# Errors and warnings

<!-- Made from the code by \`npm run docs\`. A test holds it current: change src/problems/, not this page. -->

Everything that \`copernica-webhooks\` can complain about, by its code. The code stands in \`errors\` and \`warnings\` of every \`--json\` document, as \`code\` in the log and in \`/status.json\`, and as title of GitHub annotations; for people, the message and its \`help:\` line are printed instead. Codes are stable, messages are not: programs go by the code.

How something ends a command is the exit code; of several, 3 goes before 4 before 1. A warning ends nothing. The daemon ends only for what keeps it from beginning; what goes wrong in one of its runs is logged, shown on the [status page](status.md), and tried again.
`;

const ENDS: Readonly<Record<ProblemInfo['ends'], string>> = {
  input: `${EXIT.input}: wrong input, nothing was attempted`,
  refused: `${EXIT.refused}: refused by a guard`,
  failed: `${EXIT.failed}: attempted, and it did not work`,
  warning: 'warning',
};

const TAIL = `## Without a code

\`internal error, please report it\`, with a stack, is a defect of this program (exit code 1). Whatever was sent is on record: run again, and report it with the version and the stack. It holds no secrets.
`;

/** docs/errors.md, from the catalogue. */
export function errorsText(): string {
  const groups = Object.entries(PROBLEM_GROUPS);
  return [HEAD, ...groups.map(([title, problems]) => groupText(title, problems)), TAIL].join('\n');
}

function groupText(title: string, problems: Readonly<Record<string, ProblemInfo>>): string {
  const rows = Object.entries(problems).map(([name, { ends, means, remedy }]) => [
    code(name),
    ENDS[ends],
    means,
    remedy,
  ]);
  return [`## ${title}\n`, table(['Code', 'Ends with', 'Means', 'What to do'], rows)].join('\n');
}
