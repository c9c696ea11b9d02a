// Plots as SVG: lines for growth, bars for sides that are compared. Pure.

/** One line of a plot, or one bar. */
interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LinePlot {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly series: readonly Series[];
  /** Below the plot: the machine. */
  readonly footer: string;
}

export interface BarPlot {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
  readonly footer: string;
}

const WIDTH = 720;
const MARGIN = { left: 70, right: 30, top: 50, bottom: 70 };
const LINES = { width: WIDTH - MARGIN.left - MARGIN.right, height: 280 };
const BAR = { height: 22, gap: 8, nameWidth: 190, valueWidth: 90 };
/** Readable for people who do not see all colours alike (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** A plot with a line for each series; both axes begin at 0. */
export function lineSvg({ title, xTitle, yTitle, series, footer }: LinePlot): string {
  const points = series.flatMap((one) => one.points);
  const xTicks = ticks(Math.max(0, ...points.map(({ x }) => x)));
  const yTicks = ticks(Math.max(0, ...points.map(({ y }) => y)));
  const bottom = MARGIN.top + LINES.height;
  const place = {
    x: (x: number): number => MARGIN.left + (LINES.width * x) / (xTicks.at(-1) ?? 1),
    y: (y: number): number => bottom - (LINES.height * y) / (yTicks.at(-1) ?? 1),
  };
  const colour = (index: number): string => COLOURS[index % COLOURS.length] ?? 'black';
  return svg(title, bottom + MARGIN.bottom, [
    text(MARGIN.left, 24, title, 'font-weight="bold" font-size="16"'),
    ...yTicks.flatMap((tick) => [
      line([MARGIN.left, place.y(tick)], [WIDTH - MARGIN.right, place.y(tick)], '#dddddd'),
      text(MARGIN.left - 8, place.y(tick) + 4, String(tick), 'text-anchor="end"'),
    ]),
    ...xTicks.map((tick) => text(place.x(tick), bottom + 18, String(tick), 'text-anchor="middle"')),
    text(WIDTH - MARGIN.right, bottom + 36, xTitle, 'text-anchor="end"'),
    text(MARGIN.left - 60, 42, yTitle, ''),
    ...series.flatMap(({ name, points: of }, index) => [
      `<polyline fill="none" stroke="${colour(index)}" stroke-width="2" points="${of.map(({ x, y }) => `${round(place.x(x))},${round(place.y(y))}`).join(' ')}"/>`,
      ...of.map(
        ({ x, y }) =>
          `<circle cx="${round(place.x(x))}" cy="${round(place.y(y))}" r="3" fill="${colour(index)}"/>`,
      ),
      text(MARGIN.left + 12, MARGIN.top + 16 + 18 * index, name, `fill="${colour(index)}"`),
    ]),
    text(MARGIN.left, bottom + 58, footer, 'fill="#666666" font-size="11"'),
  ]);
}

/** A plot with a bar for each side, in their order. */
export function barSvg({ title, unit, bars, footer }: BarPlot): string {
  const most = Math.max(0, ...bars.map(({ value }) => value)) || 1;
  const room = WIDTH - BAR.nameWidth - BAR.valueWidth;
  const bottom = MARGIN.top + bars.length * (BAR.height + BAR.gap);
  return svg(title, bottom + 40, [
    text(20, 24, title, 'font-weight="bold" font-size="16"'),
    ...bars.flatMap(({ name, value }, index) => {
      const y = MARGIN.top + index * (BAR.height + BAR.gap);
      const width = round((room * value) / most);
      return [
        text(BAR.nameWidth - 8, y + 16, name, 'text-anchor="end"'),
        `<rect x="${BAR.nameWidth}" y="${y}" width="${width}" height="${BAR.height}" fill="${COLOURS[0]}"/>`,
        text(BAR.nameWidth + width + 6, y + 16, `${Math.round(value)} ${unit}`, ''),
      ];
    }),
    text(20, bottom + 24, footer, 'fill="#666666" font-size="11"'),
  ]);
}

function svg(title: string, height: number, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`;
  return [
    head,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

function line([x1, y1]: [number, number], [x2, y2]: [number, number], colour: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;
}

/** Round values from 0 to at least the greatest: about five steps of 1, 2 or 5 times a power of ten. */
function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power * 5 >= most) ?? 10);
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
