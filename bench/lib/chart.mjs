// Time against the number of webhooks as SVG, both axes logarithmic. No library: it is a few lines and some text.
const SIZE = { width: 720, height: 420, left: 70, right: 150, top: 40, bottom: 50 };
const COLOURS = ['#1a7f37', '#cf222e', '#57606a', '#0969da'];

/** `series`: { name, points: [[count, ms], …] }. Returns the SVG's text. */
export function chart(title, series) {
  const points = series.flatMap(({ points: all }) => all);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const xOf = scale(decades(xs), SIZE.left, SIZE.width - SIZE.right);
  const yOf = scale(decades(ys), SIZE.height - SIZE.bottom, SIZE.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title><rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${SIZE.left}" y="22" font-size="14" fill="#1f2328">${title}</text>`,
    ...powers(decades(xs)).map((x) => gridX(xOf(x), x)),
    ...powers(decades(ys)).map((y) => gridY(yOf(y), y)),
    ...series.map((one, n) => line(one, COLOURS[n % COLOURS.length], xOf, yOf)),
    ...labels(series, xOf, yOf),
    `<text x="${(SIZE.left + SIZE.width - SIZE.right) / 2}" y="${SIZE.height - 10}" text-anchor="middle" fill="#57606a">webhooks created</text>`,
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const decades = (values) => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
const powers = ([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n));

function scale([from, to], start, end) {
  const span = Math.max(to - from, 1);
  return (value) => round(start + ((Math.log10(value) - from) / span) * (end - start));
}

const round = (value) => Math.round(value * 10) / 10;

function gridX(x, value) {
  const label = `<text x="${x}" y="${SIZE.height - SIZE.bottom + 18}" text-anchor="middle" fill="#57606a">${value.toLocaleString('en')}</text>`;
  return `<path d="M${x} ${SIZE.top}V${SIZE.height - SIZE.bottom}" stroke="#d0d7de"/>${label}`;
}

function gridY(y, value) {
  const text = value < 1000 ? `${value} ms` : `${(value / 1000).toLocaleString('en')} s`;
  const label = `<text x="${SIZE.left - 8}" y="${y + 4}" text-anchor="end" fill="#57606a">${text}</text>`;
  return `<path d="M${SIZE.left} ${y}H${SIZE.width - SIZE.right}" stroke="#d0d7de"/>${label}`;
}

function line({ points }, colour, xOf, yOf) {
  const path = points.map(([x, y], n) => `${n === 0 ? 'M' : 'L'}${xOf(x)} ${yOf(y)}`).join('');
  const dots = points.map(([x, y]) => `<circle cx="${xOf(x)}" cy="${yOf(y)}" r="3.5" fill="${colour}"/>`).join('');
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`;
}

const LABEL_HEIGHT = 15;

/** Each line's name at its end, moved down where it would stand on another. */
function labels(series, xOf, yOf) {
  const ends = series.map(({ name, points }, n) => {
    const [x, y] = points.at(-1);
    return { name, colour: COLOURS[n % COLOURS.length], x: xOf(x) + 8, y: yOf(y) + 4 };
  });
  ends.sort((a, b) => a.y - b.y);
  let lowest = Number.NEGATIVE_INFINITY;
  return ends.map(({ name, colour, x, y }) => {
    lowest = Math.max(y, lowest + LABEL_HEIGHT);
    return `<text x="${x}" y="${round(lowest)}" fill="${colour}">${name}</text>`;
  });
}
