/** The frame of a picture: its axes with ticks, grid and titles. */
import type { Surface } from "./picture.ts";
import { type Scale, scaleOf } from "./scales.ts";

export interface Axis {
  readonly scale: Scale;
  readonly title: string;
}

/** Where a plot lies in its picture. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Frame extends Area {
  readonly xScale: Scale;
  readonly yScale: Scale;
  x(value: number): number;
  y(value: number): number;
}

export function frameOf(area: Area, xScale: Scale, yScale: Scale): Frame {
  const { left, top, width, height } = area;
  return {
    ...area,
    xScale,
    yScale,
    x: (value) => left + xScale.at(value) * width,
    y: (value) => top + (1 - yScale.at(value)) * height,
  };
}

/** Draws the axes and says where the plot lies between them. */
export function drawAxes({ context, width, height, theme }: Surface, x: Axis, y: Axis): Frame {
  const yTicks = y.scale.ticks(Math.max(2, Math.floor(height / 48)));
  context.textBaseline = "middle";
  const left = Math.ceil(Math.max(24, ...yTicks.map(({ text }) => context.measureText(text).width)) + 10);
  const [top, right, bottom] = [24, 14, 42];
  const area = { left, top, width: Math.max(10, width - left - right), height: Math.max(10, height - top - bottom) };
  const frame = frameOf(area, x.scale, y.scale);
  const xTicks = spacedTicks(x.scale, frame.width, (text) => context.measureText(text).width);
  context.lineWidth = 1;
  context.strokeStyle = theme.grid;
  context.beginPath();
  for (const { value } of yTicks) {
    const at = Math.round(frame.y(value)) + 0.5;
    context.moveTo(left, at);
    context.lineTo(left + frame.width, at);
  }
  for (const { value } of xTicks) {
    const at = Math.round(frame.x(value)) + 0.5;
    context.moveTo(at, top);
    context.lineTo(at, top + frame.height);
  }
  context.stroke();
  context.fillStyle = theme.faint;
  context.textAlign = "right";
  for (const { value, text } of yTicks) context.fillText(text, left - 6, frame.y(value));
  context.textAlign = "center";
  for (const { value, text } of xTicks) context.fillText(text, frame.x(value), top + frame.height + 12);
  context.fillStyle = theme.ink;
  context.fillText(x.title, left + frame.width / 2, top + frame.height + 31, frame.width);
  context.textAlign = "left";
  context.fillText(y.title, 2, 10, width - 4);
  return frame;
}

/** So many that their texts do not touch. */
function spacedTicks(scale: Scale, width: number, measure: (text: string) => number) {
  for (const most of [12, 8, 6, 4, 3, 2]) {
    const ticks = scale.ticks(most);
    const room = ticks
      .slice(1)
      .map(({ value }, index) => (scale.at(value) - scale.at(ticks[index]?.value ?? value)) * width);
    const widest = Math.max(0, ...ticks.map(({ text }) => measure(text)));
    if (room.every((each) => each > widest + 12)) return ticks;
  }
  return scale.ticks(1);
}

/** For an axis of texts: a place for each. */
export function bandScale(texts: readonly string[]): Scale {
  const scale = scaleOf(-0.5, Math.max(0.5, texts.length - 0.5));
  const step = (most: number) => Math.max(1, Math.ceil(texts.length / Math.max(1, most)));
  return {
    ...scale,
    ticks: (most) =>
      texts.flatMap((text, value) =>
        value % step(most) === 0 ? [{ value, text: text.length > 18 ? `${text.slice(0, 17)}…` : text }] : [],
      ),
  };
}
