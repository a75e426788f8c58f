import { type Html, html, raw } from './html.js';
import { healthSections, overallHeadline, overallTone } from './page-health.js';
import { runsSection } from './page-runs.js';
import { webhooksSection } from './page-webhooks.js';
import type { StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { roughly, timeTag } from './time-text.js';
import { TONE_COLORS, type Tone } from './tone.js';
import type { View } from './view.js';

/**
 * The status page: one document that loads nothing else and runs nothing, so that the strictest policy fits it.
 * Its one style element holds exactly STYLE, whose hash the server's policy names. Links are relative: a proxy may put
 * it under any path.
 */
export function statusPage(snapshot: StatusSnapshot, view: View): string {
  const headline = overallHeadline(snapshot);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${headline} · copernica-webhooks</title>
<link rel="icon" href="${icon(overallTone(snapshot))}">
<style>${raw(STYLE)}</style>
</head>
<body>
<a class="skip" href="#webhooks">Skip to the webhooks</a>
<header class="top">
<p class="brand">copernica-webhooks <span class="muted">${snapshot.version}</span></p>
<p class="muted">As of ${timeTag(snapshot.at)} UTC <a class="reload" href="">Reload</a></p>
</header>
<main>
${healthSections(snapshot)}
${webhooksSection(snapshot, view)}
${runsSection(snapshot)}
</main>
${footer(snapshot)}
</body>
</html>
`.html;
}

function footer({ startedAt, at, ready }: StatusSnapshot): Html {
  const up = roughly(Date.parse(at) - Date.parse(startedAt));
  return html`<footer class="muted">
<p>Running for ${up}, ${ready ? 'ready' : 'not ready'}. Times are UTC.</p>
<nav aria-label="For machines"><a href="status.json">status.json</a> <a href="metrics">metrics</a> <a href="healthz">healthz</a> <a href="readyz">readyz</a></nav>
</footer>`;
}

/** A dot in the tab, in the colour of how it is. */
function icon(tone: Tone): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="${TONE_COLORS[tone]}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
