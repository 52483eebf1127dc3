/** Draws one chart on a canvas: curves by iteration, marks by epoch, a crosshair. Knows numbers and colours, no run. */

import { pyramidOf } from "./pyramid.js";
import { extent, inverse, linearTicks, logTicks, makeScale, padded, tickText } from "./scale.js";

const COLUMN = 0.75; // pixels
const FLAT = 0.5; // pixels that a line hides anyway
const DENSE = 4; // points in a column
const THIN = 0.4; // pixels around a band, which would vanish where it is flat
const TALL = 3; // pixels from the lowest to the highest of a column
export const MARGIN = { top: 10, right: 14, bottom: 24, left: 48 };

/** Where things lie: scales and ticks of a chart of the given size, or null where there is nothing to show. */
export function layout({ lines, marks, epochEnds = [], events = [], log = false, logX = false, zoom = null }, width, height) {
  const horizontal = zoom ?? extent([...lines, ...marks].map(({ iterations }) => [iterations[0], iterations.at(-1)]));
  if (!horizontal) return null;
  const xDomain = zoom ?? [Math.min(horizontal[0], 1), Math.max(horizontal[1], 2)];
  const seen = ({ iterations }, values) => {
    const [from, to] = zoom ? stretch(iterations, zoom) : [0, values.length];
    return pyramidOf(values).extent(from, Math.min(to, values.length), log) ?? [];
  };
  const shown = [...lines.map((line) => seen(line, line.smoothed)), ...marks.map((mark) => seen(mark, mark.values))];
  const vertical = withRaw(extent(shown, log), lines.map((line) => seen(line, line.values)), log);
  if (!vertical) return null;
  const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const yDomain = padded(vertical, log);
  return {
    box,
    zoom,
    xDomain,
    logX,
    x: makeScale(xDomain, [box.left, box.right], logX),
    y: makeScale(yDomain, [box.bottom, box.top], log),
    iterationAt: inverse(xDomain, [box.left, box.right], logX),
    xTicks: (logX ? logTicks : linearTicks)(xDomain, Math.max(2, Math.floor(width / 70))).filter(Number.isInteger),
    yTicks: (log ? logTicks : linearTicks)(yDomain, Math.max(2, Math.floor(height / 34))),
    epochEnds: epochEnds.length <= 30 ? epochEnds.filter((end) => end > xDomain[0] && end < xDomain[1]) : [],
    events: events.filter(({ iteration }) => iteration >= xDomain[0] && iteration <= xDomain[1]),
  };
}

/** The first index and the one behind the last of the ascending `iterations` within `zoom`, with one more at each side. */
export function stretch(iterations, [low, high]) {
  const before = (wanted) => {
    let [from, to] = [0, iterations.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (iterations[middle] < wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  return [Math.max(before(low) - 1, 0), Math.min(before(high) + 2, iterations.length)];
}

/** Make room for the single batches too, but not for outliers that would press the smoothed curve flat. */
function withRaw(vertical, values, log) {
  const raw = extent(values, log);
  if (!vertical || !raw) return vertical;
  const [low, high] = vertical;
  const reach = (high - low) / 2;
  return [log ? low : Math.min(low, Math.max(raw[0], low - reach)), Math.max(high, Math.min(raw[1], high + reach))];
}

/** Draw the chart and return its layout. `colours` holds axis, grid, text and background. */
export function draw(canvas, chart, colours, crosshair = null) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  if (!pen || width < MARGIN.left + MARGIN.right + 20) return null;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const places = layout(chart, width, height);
  if (!places) return null;
  drawAxes(pen, places, colours);
  clipped(pen, places.box, () => drawSeries(pen, places, chart, colours), places.zoom ? 0 : 6);
  for (const event of places.events) drawEvent(pen, places, event);
  if (crosshair !== null) drawCrosshair(pen, places, chart, colours, crosshair);
  return places;
}

function drawAxes(pen, { box, x, y, xTicks, yTicks, epochEnds }, colours) {
  pen.font = colours.font;
  pen.lineWidth = 1;
  pen.strokeStyle = colours.grid;
  pen.fillStyle = colours.text;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const tick of yTicks) {
    stroke(pen, [[box.left, crisp(y(tick))], [box.right, crisp(y(tick))]]);
    pen.fillText(tickText(tick), box.left - 8, y(tick));
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const tick of xTicks) pen.fillText(tickText(tick), Math.min(x(tick), box.right - 4), box.bottom + 8);
  pen.setLineDash([2, 4]);
  pen.strokeStyle = colours.axis;
  for (const end of epochEnds) stroke(pen, [[crisp(x(end)), box.top], [crisp(x(end)), box.bottom]]);
  pen.setLineDash([]);
  stroke(pen, [[box.left, crisp(box.bottom)], [box.right, crisp(box.bottom)]]);
}

/** A small triangle that hangs from the top, with a thin line down from it. */
function drawEvent(pen, { box, x }, { iteration, colour }) {
  const left = x(iteration);
  pen.globalAlpha = 0.45;
  pen.lineWidth = 1;
  pen.strokeStyle = colour;
  stroke(pen, [[crisp(left), box.top], [crisp(left), box.bottom]]);
  pen.globalAlpha = 1;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(left - 5, box.top - 7);
  pen.lineTo(left + 5, box.top - 7);
  pen.lineTo(left, box.top + 2);
  pen.fill();
}

function drawSeries(pen, { x, y, zoom }, { lines, marks }, colours) {
  pen.lineJoin = "bevel"; // round ones cost as much as the line
  for (const line of lines) {
    pen.strokeStyle = line.colour;
    if (line.smoothed !== line.values) {
      pen.globalAlpha = 0.35;
      pen.lineWidth = 1;
      strokeColumns(pen, line.iterations, line.values, x, y, zoom);
      pen.globalAlpha = 1;
    }
    pen.lineWidth = 2;
    strokeColumns(pen, line.iterations, line.smoothed, x, y, zoom);
  }
  for (const mark of marks) drawMarks(pen, mark, x, y, colours);
}

function drawMarks(pen, mark, x, y, colours) {
  pen.strokeStyle = mark.colour;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  strokeColumns(pen, mark.iterations, mark.values, x, y);
  pen.setLineDash([]);
  mark.iterations.forEach((iteration, index) => {
    if (Number.isFinite(y(mark.values[index]))) dot(pen, x(iteration), y(mark.values[index]), 4, mark.colour, colours);
  });
}

function drawCrosshair(pen, { box, x, y }, { lines, marks }, colours, { iteration, index, epochIndex }) {
  pen.strokeStyle = colours.text;
  pen.lineWidth = 1;
  pen.setLineDash([3, 3]);
  stroke(pen, [[crisp(x(iteration)), box.top], [crisp(x(iteration)), box.bottom]]);
  pen.setLineDash([]);
  clipped(pen, box, () => {
    for (const line of lines) if (!line.beside) dot(pen, x(iteration), y(line.smoothed[index]), 4.5, line.colour, colours);
    for (const mark of marks) {
      const at = mark.iterations[epochIndex];
      if (epochIndex >= 0) dot(pen, x(at), y(mark.values[epochIndex]), 5.5, mark.colour, colours);
    }
  });
}

/**
 * The pixel columns of many points: {left, low, high, last, points}, null for a gap. Blocks of points that lie within a column
 * are taken as a whole, so that it is the picture's width that costs, not the run's length.
 */
function columnsOfLine(iterations, values, x, y, zoom) {
  const columns = [];
  let column = null;
  const [from, to] = zoom ? stretch(iterations, zoom) : [0, values.length];
  const pyramid = pyramidOf(values);
  for (let index = from, size = 1; index < to; index += size) {
    const left = x(iterations[index]);
    size = pyramid.sizeAt(index, to, (wanted) => x(iterations[index + wanted - 1]) - left < COLUMN);
    const block = pyramid.block(index, size);
    const high = y(block.high);
    const low = Number.isFinite(y(block.low)) ? y(block.low) : y(block.positive);
    if (!Number.isFinite(high) || !Number.isFinite(low)) {
      columns.push(null);
      column = null;
    } else if (column && Math.abs(left - column.left) < COLUMN) {
      column.high = Math.min(column.high, high);
      column.low = Math.max(column.low, low);
      column.points += size;
    } else {
      columns.push((column = { left, high, low, points: size }));
    }
  }
  return columns;
}

/**
 * A line through many points; where several fall on one pixel column it keeps that column's lowest and highest. Where all
 * columns are like that, it is drawn as the band that it fills: a dense zigzag looks the same and is slow to draw.
 */
function strokeColumns(pen, iterations, values, x, y, zoom = null) {
  const columns = columnsOfLine(iterations, values, x, y, zoom);
  if (fillsABand(columns)) fillBand(pen, columns);
  else stroke(pen, columns.flatMap(cornersOf));
}

function cornersOf(column) {
  if (!column) return [null];
  const { left, low, high } = column;
  return low - high < FLAT ? [[left, (low + high) / 2]] : [[left, high], [left, low]];
}

function fillsABand(columns) {
  const shown = columns.filter(Boolean);
  const points = shown.reduce((sum, column) => sum + column.points, 0);
  const tall = shown.reduce((sum, column) => sum + column.low - column.high, 0);
  return points >= DENSE * shown.length && tall >= TALL * shown.length;
}

function fillBand(pen, columns) {
  pen.fillStyle = pen.strokeStyle;
  pen.beginPath();
  for (let begin = 0; begin < columns.length; begin++) {
    let end = begin;
    while (columns[end]) end += 1;
    const part = columns.slice(begin, end);
    part.forEach(({ left, high }, at) => (at ? pen.lineTo(left, high - THIN) : pen.moveTo(left, high - THIN)));
    for (const { left, low } of part.reverse()) pen.lineTo(left, low + THIN);
    begin = end;
  }
  pen.fill();
}

function stroke(pen, path) {
  pen.beginPath();
  let down = false;
  for (const point of path) {
    if (point === null) down = false;
    else if (down) pen.lineTo(point[0], point[1]);
    else pen.moveTo(point[0], point[1]);
    if (point !== null) down = true;
  }
  pen.stroke();
}

function dot(pen, left, top, radius, colour, colours) {
  if (!Number.isFinite(top)) return;
  pen.beginPath();
  pen.arc(left, top, radius, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
  pen.lineWidth = 1.5;
  pen.strokeStyle = colours.background;
  pen.stroke();
}

/** Draw within the box and `air` pixels around it, so that dots on its edge are whole. */
function clipped(pen, box, work, air = 6) {
  pen.save();
  pen.beginPath();
  pen.rect(box.left - air, box.top - 6, box.right - box.left + 2 * air, box.bottom - box.top + 8);
  pen.clip();
  work();
  pen.restore();
}

function crisp(position) {
  return Math.round(position) + 0.5;
}
