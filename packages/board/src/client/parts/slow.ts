import { useEffect, useRef, useState } from "preact/hooks";

/** A value that changes so often at most. */
export function useSlow<Value>(value: Value, milliseconds: number): Value {
  const [slow, setSlow] = useState(value);
  const latest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  latest.current = value;
  useEffect(() => {
    if (value === slow || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setSlow(latest.current);
    }, milliseconds);
  }, [value, slow]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return slow;
}
