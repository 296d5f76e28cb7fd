/** A canvas of the page's size and sharpness, drawn anew when its size, its colours or what it shows changes. */
import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { scheme } from "../parts/page-frame.ts";
import { markFont, type Theme, themeOf } from "./theme.ts";

export interface Surface {
  readonly context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Device pixels to one of these. */
  readonly sharpness: number;
  readonly theme: Theme;
}

export interface Pointer {
  readonly x: number;
  readonly y: number;
}

/** What is said beside the pointer. */
export interface Tip extends Pointer {
  readonly text: string;
}

export interface PictureProps {
  readonly height: number;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  readonly draw: (surface: Surface) => void;
  /** A new value draws anew. */
  readonly drawn: readonly unknown[];
  /** What is under the pointer; undefined where nothing is. */
  readonly tipAt?: (pointer: Pointer, surface: Surface) => Tip | undefined;
  readonly onPress?: (pointer: Pointer, surface: Surface) => void;
  /** While the pointer is held down; `isDone` when it is let go. */
  readonly onDrag?: (from: Pointer, to: Pointer, isDone: boolean, surface: Surface) => void;
  /** What lies over it and changes without it. */
  readonly children?: ComponentChildren;
}

export function Picture({ height, label, draw, drawn, tipAt, onPress, onDrag, children }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const surface = useRef<Surface | undefined>(undefined);
  const [tip, setTip] = useState<Tip | undefined>(undefined);
  const [changes, setChanges] = useState(0);
  const held = useRef<{ from: Pointer; hasMoved: boolean } | undefined>(undefined);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const drawAnew = () => setChanges((before) => before + 1);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== surface.current?.width) drawAnew();
    });
    observer.observe(element);
    system.addEventListener("change", drawAnew);
    return () => {
      observer.disconnect();
      system.removeEventListener("change", drawAnew);
    };
  }, []);
  const chosenScheme = scheme.value;
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    // Measured here and not when the browser tells of it, which is frames later.
    const width = element?.clientWidth ?? 0;
    if (element === null || !context || width === 0) return;
    const sharpness = Math.min(3, devicePixelRatio || 1);
    const [wide, tall] = [Math.round(width * sharpness), Math.round(height * sharpness)];
    if (element.width !== wide || element.height !== tall) {
      element.width = wide;
      element.height = tall;
    }
    context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = markFont;
    context.lineJoin = "round";
    surface.current = { context, width, height, sharpness, theme: themeOf(element) };
    draw(surface.current);
  }, [changes, height, chosenScheme, ...drawn]);
  const pointerOf = (event: PointerEvent): Pointer => ({ x: event.offsetX, y: event.offsetY });
  const move = (event: PointerEvent) => {
    const shown = surface.current;
    if (shown === undefined) return;
    const pointer = pointerOf(event);
    const { current } = held;
    if (current !== undefined && onDrag !== undefined) {
      if (Math.hypot(pointer.x - current.from.x, pointer.y - current.from.y) > 3) current.hasMoved = true;
      if (current.hasMoved) onDrag(current.from, pointer, false, shown);
      return;
    }
    setTip(tipAt?.(pointer, shown));
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    held.current = { from: pointerOf(event), hasMoved: false };
    if (onDrag !== undefined && event.currentTarget instanceof Element)
      event.currentTarget.setPointerCapture(event.pointerId);
  };
  const up = (event: PointerEvent) => {
    const [shown, { current }] = [surface.current, held];
    held.current = undefined;
    if (shown === undefined || current === undefined) return;
    if (current.hasMoved) onDrag?.(current.from, pointerOf(event), true, shown);
    else onPress?.(pointerOf(event), shown);
  };
  const width = surface.current?.width ?? 0;
  const isRight = tip !== undefined && tip.x > width / 2;
  return html`<div class="picture" style=${{ height: `${height}px` }}>
    <canvas
      ref=${canvas}
      role="img"
      aria-label=${label}
      onPointerMove=${move}
      onPointerLeave=${() => setTip(undefined)}
      onPointerDown=${down}
      onPointerUp=${up}
    ></canvas>
    ${children}
    ${
      tip !== undefined &&
      html`<div
        class="tip"
        style=${{
          left: isRight ? "auto" : `${tip.x + 14}px`,
          right: isRight ? `${width - tip.x + 14}px` : "auto",
          top: `${Math.max(0, Math.min(height - 40, tip.y - 12))}px`,
        }}
      >
        ${tip.text}
      </div>`
    }
  </div>`;
}
