import { useEffect, useState } from "preact/hooks";

/** Whether what a view begins with is on the screen: what stands below it is drawn then. */
export function useFirstPicture(): boolean {
  const [isShown, setShown] = useState(false);
  // Effects come after the first frame.
  useEffect(() => setShown(true), []);
  return isShown;
}
