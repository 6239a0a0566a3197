// Draws measurements as SVG (SVG 1.1) that can be read on a light and on a dark page.
const WIDTH = 880;
const HEIGHT = 340;
const PLOT = { left: 52, right: 350, top: 52, bottom: 292 };
const BARS = { left: 570, right: 820, top: 52 };
const BAR = { height: 14, step: 21, title: 30 };
const ROOM_FOR_LABEL = 15;

const style = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.a { stroke: #0969da; fill: none; stroke-width: 2.5 }
.b { stroke: #bc4c00; fill: none; stroke-width: 2 }
.dot.a, .bar.a { fill: #0969da; stroke: none }
.dot.b { fill: #bc4c00; stroke: none }
.bar.b { fill: #8c959f; stroke: none }
.level { stroke: #0969da; stroke-width: 1.5; stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .a, .level { stroke: #58a6ff }
  .b { stroke: #f0883e }
  .dot.a, .bar.a { fill: #58a6ff }
  .dot.b { fill: #f0883e }
  .bar.b { fill: #6e7681 }
}`;

/**
 * A curve of seconds over workers, both logarithmic, with a `level` that has no number of workers; and beside it groups of bars, in
 * each the first one being ours.
 */
export function performanceSvg({ curve, bars }) {
  const title = `${curve.title}: seconds over workers. ${bars.map((group) => group.title).join('; ')}: seconds.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>${escaped(title)}</title>
<style>${style}
</style>
${[...curveOf(curve), ...bars.flatMap((group, i) => barsOf(group, groupTop(bars, i)))].join('\n')}
</svg>
`;
}

function curveOf({ title, series, level }) {
  const values = [...series.flatMap(({ points }) => points.map((point) => point.seconds)), level.seconds];
  const workers = series[0].points.map((point) => point.workers);
  const x = scale(Math.min(...workers), Math.max(...workers), PLOT.left, PLOT.right);
  const ticks = ticksFor(Math.min(...values), Math.max(...values));
  const y = scale(ticks[0], ticks.at(-1), PLOT.bottom, PLOT.top);
  const ends = apart([
    ...series.map(({ name, points }) => ({ name, at: y(points.at(-1).seconds) })),
    { name: `${level.name}, ${level.seconds.toFixed(1)} s`, at: y(level.seconds) },
  ]);
  return [
    text(PLOT.left, 20, title, 'title'),
    text(PLOT.left, 38, 'seconds, over the number of workers', 'quiet'),
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(tick)}" y2="${y(tick)}"/>`,
      text(PLOT.left - 8, y(tick) + 4, String(tick), 'quiet', 'end'),
    ]),
    ...workers.map((n) => text(x(n), PLOT.bottom + 20, String(n), 'quiet', 'middle')),
    `<line class="level" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(level.seconds)}" y2="${y(level.seconds)}"/>`,
    ...series.flatMap(({ points }, i) => {
      const at = points.map((point) => [x(point.workers), y(point.seconds)]);
      const mark = 'ab'[i];
      return [
        `<polyline class="${mark}" points="${at.map((point) => point.join(',')).join(' ')}"/>`,
        ...at.map(([cx, cy]) => `<circle class="dot ${mark}" cx="${cx}" cy="${cy}" r="3.5"/>`),
      ];
    }),
    ...ends.map(({ name, at }) => text(PLOT.right + 10, at + 4, name)),
  ];
}

function barsOf({ title, bars }, top) {
  const longest = Math.max(...bars.map(({ seconds }) => seconds));
  return [
    text(BARS.left, top, title, 'title', 'start'),
    ...bars.flatMap(({ name, seconds }, i) => {
      const y = top + 10 + i * BAR.step;
      const width = round(((BARS.right - BARS.left) * seconds) / longest);
      return [
        text(BARS.left - 8, y + 11, name, i === 0 ? 'title' : undefined, 'end'),
        `<rect class="bar ${i === 0 ? 'a' : 'b'}" x="${BARS.left}" y="${y}" width="${width}" height="${BAR.height}" rx="2"/>`,
        text(BARS.left + width + 6, y + 11, `${seconds.toFixed(2)} s`, 'quiet'),
      ];
    }),
  ];
}

function groupTop(groups, index) {
  const above = groups.slice(0, index).reduce((sum, { bars }) => sum + BAR.title + 10 + bars.length * BAR.step, 0);
  return 20 + above;
}

/** Logarithmic. */
function scale(from, to, start, end) {
  return (value) => round(start + ((end - start) * Math.log(value / from)) / Math.log(to / from));
}

/** 1, 2, 5, 10, ... around the values. */
function ticksFor(least, most) {
  const all = [-2, -1, 0, 1, 2, 3].flatMap((power) =>
    [1, 2, 5].map((digit) => Number((digit * 10 ** power).toPrecision(1))),
  );
  const first = all.findLastIndex((tick) => tick <= least);
  const last = all.findIndex((tick) => tick >= most);
  return all.slice(first, last + 1);
}

/** Labels that would lie on each other are moved down. */
function apart(labels) {
  const sorted = labels.sort((a, b) => a.at - b.at);
  for (let i = 1; i < sorted.length; i++) sorted[i].at = Math.max(sorted[i].at, sorted[i - 1].at + ROOM_FOR_LABEL);
  return sorted;
}

function text(x, y, content, kind, anchor = 'start') {
  const name = kind === undefined ? '' : ` class="${kind}"`;
  return `<text x="${x}" y="${y}"${name} text-anchor="${anchor}">${escaped(content)}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
