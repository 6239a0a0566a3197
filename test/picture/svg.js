const CELL = { width: 8.4, height: 19 };
const MARGIN = 14;
const FOREGROUND = '#d0d7de';
const BACKGROUND = '#161b22';
/** The sixteen colours of a terminal, in the order of their numbers. */
const PALETTE = [
  '#484f58',
  '#ff7b72',
  '#3fb950',
  '#d29922',
  '#58a6ff',
  '#bc8cff',
  '#39c5cf',
  '#b1bac4',
  '#6e7681',
  '#ffa198',
  '#56d364',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#56d4dd',
  '#f0f6fc',
];

/**
 * A picture of what `tmux capture-pane -e -p` printed: text with SGR sequences (ECMA-48, 8.3.117), nothing else.
 * @param {string} screen
 * @param {number} columns
 * @param {string} title for those who cannot see it
 */
export function svgOf(screen, columns, title) {
  const lines = screen.split('\n');
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const rows = lines.map((line, row) => {
    const y = MARGIN + (row + 0.75) * CELL.height;
    return runsOf(line)
      .map((run) => textOf(run, y))
      .join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">
${rows.filter((row) => row !== '').join('\n')}
</g>
</svg>
`;
}

/** Stretches of text in one style, each with the column it begins in. */
function runsOf(line) {
  const runs = [];
  let style = {};
  let column = 0;
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      style = styled(style, codes.split(';').map(Number));
    } else if (part !== '') {
      if (part.trim() !== '') runs.push({ text: part, column, style });
      column += [...part].length;
    }
  }
  return runs;
}

function styled(before, codes) {
  const style = { ...before };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) return styled({}, codes.slice(i + 1));
    if (code === 1) style.bold = true;
    if (code === 2) style.dim = true;
    if (code === 22) style.bold = style.dim = false;
    if (code >= 30 && code <= 37) style.color = PALETTE[code - 30];
    if (code >= 90 && code <= 97) style.color = PALETTE[code - 82];
    if (code === 38 && codes[i + 1] === 5) {
      style.color = PALETTE[codes[i + 2]] ?? FOREGROUND;
      i += 2;
    }
    if (code === 39) style.color = undefined;
  }
  return style;
}

function textOf({ text, column, style }, y) {
  const x = (MARGIN + column * CELL.width).toFixed(1);
  const length = ([...text].length * CELL.width).toFixed(1);
  const weight = style.bold ? ' font-weight="bold"' : '';
  const opacity = style.dim ? ' opacity="0.65"' : '';
  const fit = `textLength="${length}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${x}" y="${y.toFixed(1)}" fill="${style.color ?? FOREGROUND}"${weight}${opacity} ${fit}>${escaped(text)}</text>`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
