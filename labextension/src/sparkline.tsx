/** A curve as small as a word. */
import React from 'react';

const WIDTH = 72;
const HEIGHT = 20;

/** The points of an SVG polyline; what is unknown is left out. */
export function sparkPoints(values: (number | null)[], width = WIDTH, height = HEIGHT): string {
  const known = values.flatMap((value, index) => (value === null ? [] : [[index, value] as const]));
  const numbers = known.map(([, value]) => value);
  const low = Math.min(...numbers);
  const scale = (height - 4) / (Math.max(...numbers) - low || 1);
  const step = (width - 4) / Math.max(values.length - 1, 1);
  return known
    .map(([index, value]) => `${(2 + index * step).toFixed(1)},${(height - 2 - (value - low) * scale).toFixed(1)}`)
    .join(' ');
}

export function Sparkline(props: { values: (number | null)[]; label: string }): JSX.Element | null {
  if (props.values.filter(value => value !== null).length < 2) {
    return null;
  }
  return (
    <svg className="jp-ZooLab-Spark" width={WIDTH} height={HEIGHT} role="img" aria-label={props.label}>
      <polyline points={sparkPoints(props.values)} />
    </svg>
  );
}
