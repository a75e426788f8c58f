import { painter } from './paint.js';
import { allUnchanged, applyHead, planClosing, planNotice, summaryLine } from './summary.js';

/** What a plan or an apply in which nothing is to be done says: as formatPlan, planAnnotations and formatApplied do. */
export const unchangedText = {
  plan: (webhooks: number, { color }: { readonly color: boolean }): string =>
    `${planClosing(allUnchanged(webhooks), painter(color))}\n`,
  github: (webhooks: number): string => `${planNotice(allUnchanged(webhooks))}\n`,
  apply: (webhooks: number, { color, target }: { readonly color: boolean; readonly target: string }): string => {
    const counts = allUnchanged(webhooks);
    return `${painter(color)('bold', `${applyHead(counts)}:`)} ${summaryLine(counts, 'done')} at ${target}\n`;
  },
};
