/** What `mosaic worker` does. */
import type { Meeting } from "./link.ts";
import { Pilot, type PilotOptions } from "./pilot.ts";

export interface BeginPilotOptions extends PilotOptions {
  /** For how long it waits for a supervisor. */
  readonly lingerMilliseconds: number;
}

/** @returns why it has ended: `done` where no run is left */
export async function beginPilot(
  meeting: Meeting,
  { lingerMilliseconds, ...options }: BeginPilotOptions,
): Promise<"done" | "nobody" | "left" | "refused" | "given up"> {
  const { leave, say } = options;
  const pilot = new Pilot(options);
  try {
    for (;;) {
      const found = await meeting.next(lingerMilliseconds, leave);
      if (leave.aborted && typeof found === "string") {
        await meeting.forget();
        return "left";
      }
      if (found === "nobody" || found === "ended") {
        await meeting.forget();
        return found === "nobody" ? "nobody" : "done";
      }
      say("a supervisor is there");
      const how = await pilot.serve(found);
      if (how === "done") await meeting.forget();
      if (how !== "alone") return how;
      say(`the supervisor is gone${pilot.isAtWork ? "; its runs go on" : ""}; waiting for another one`);
    }
  } finally {
    await pilot.end();
  }
}
