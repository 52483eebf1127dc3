/** Draws one chart on a canvas: curves by iteration, marks by epoch, a crosshair. Knows numbers and colours, no run. */

import { extent, linearTicks, logTicks, makeScale, padded, tickText } from "./scale.js";

const MARGIN = { top: 10, right: 14, bottom: 24, left: 48 };

/** Where things lie: scales and ticks of a chart of the given size, or null where there is nothing to show. */
export function layout({ lines, marks, epochEnds = [], log = false }, width, height) {
  const shown = [...lines.map((line) => line.smoothed), ...marks.map((mark) => mark.values)];
  const vertical = withRaw(extent(shown, log), lines, log);
  const horizontal = extent([...lines, ...marks].map((series) => series.iterations));
  if (!vertical || !horizontal) return null;
  const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const yDomain = padded(vertical, log);
  const xDomain = [Math.min(horizontal[0], 1), Math.max(horizontal[1], 2)];
  return {
    box,
    x: makeScale(xDomain, [box.left, box.right]),
    y: makeScale(yDomain, [box.bottom, box.top], log),
    iterationAt: makeScale([box.left, box.right], xDomain),
    xTicks: linearTicks(xDomain, Math.max(2, Math.floor(width / 70))).filter(Number.isInteger),
    yTicks: (log ? logTicks : linearTicks)(yDomain, Math.max(2, Math.floor(height / 34))),
    epochEnds: epochEnds.length <= 30 ? epochEnds.filter((end) => end < xDomain[1]) : [],
  };
}

/** Make room for the single batches too, but not for outliers that would press the smoothed curve flat. */
function withRaw(vertical, lines, log) {
  const raw = extent(lines.map((line) => line.values), log);
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
  clipped(pen, places.box, () => drawSeries(pen, places, chart, colours));
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

function drawSeries(pen, { x, y }, { lines, marks }, colours) {
  pen.lineJoin = "round";
  for (const line of lines) {
    pen.strokeStyle = line.colour;
    if (line.smoothed !== line.values) {
      pen.globalAlpha = 0.35;
      pen.lineWidth = 1;
      strokeColumns(pen, line.iterations, line.values, x, y);
      pen.globalAlpha = 1;
    }
    pen.lineWidth = 2;
    strokeColumns(pen, line.iterations, line.smoothed, x, y);
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
    for (const line of lines) dot(pen, x(iteration), y(line.smoothed[index]), 4.5, line.colour, colours);
    for (const mark of marks) {
      const at = mark.iterations[epochIndex];
      if (epochIndex >= 0) dot(pen, x(at), y(mark.values[epochIndex]), 5.5, mark.colour, colours);
    }
  });
}

/** A path through many points; where several fall on one pixel column it keeps that column's lowest and highest. */
function strokeColumns(pen, iterations, values, x, y) {
  const path = [];
  let column = null;
  for (let index = 0; index < values.length; index++) {
    const top = y(values[index]);
    if (!Number.isFinite(top)) {
      path.push(null);
      column = null;
      continue;
    }
    const left = x(iterations[index]);
    if (column && Math.abs(left - column.left) < 0.75) {
      widen(column, top, path);
    } else {
      column = { left, low: top, high: top, at: path.length };
      path.push([left, top]);
    }
  }
  stroke(pen, path);
}

function widen(column, top, path) {
  column.low = Math.min(column.low, top);
  column.high = Math.max(column.high, top);
  path.length = column.at;
  if (column.high > column.low) path.push([column.left, column.low], [column.left, column.high]);
  path.push([column.left, top]);
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

function clipped(pen, box, work) {
  pen.save();
  pen.beginPath();
  pen.rect(box.left - 6, box.top - 6, box.right - box.left + 12, box.bottom - box.top + 8);
  pen.clip();
  work();
  pen.restore();
}

function crisp(position) {
  return Math.round(position) + 0.5;
}
