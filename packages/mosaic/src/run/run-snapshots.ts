/** Snapshots that a run leaves on its way, so that the death of its worker costs minutes. */
import type { EpochRecord, TrainOptions } from "@ml-mosaic/training";
import type { Chain } from "./chain.ts";
import type { RunProgress } from "./execute-run.ts";
import { checkFence } from "./fence.ts";
import type { RunOrder } from "./order.ts";
import { openRunFiles } from "./run-files.ts";
import { type SnapshotNotes, saveState } from "./save-run.ts";

/** Writing takes no more than one part in so many of a run's time. */
const mostShare = 50;
/** More epochs since the last snapshot are not kept in it: they are in the database by then. */
const mostRecords = 10_000;

type Snapshots = Required<TrainOptions>["snapshots"];

/** @returns undefined where none are wanted, or nothing can be kept */
export function openRunSnapshots(
  order: RunOrder,
  chain: Chain,
  notes: () => Omit<SnapshotNotes, "records">,
  { snapshotSeconds, onSnapshot, onWork }: RunProgress,
): (NonNullable<Snapshots> & { onEpoch(record: EpochRecord): void }) | undefined {
  const { filesFolder, runId } = order;
  if (filesFolder === undefined || snapshotSeconds === undefined) return undefined;
  const milliseconds = 1000 * snapshotSeconds;
  let due = performance.now() + milliseconds;
  let records: readonly EpochRecord[] = [];
  let recent: EpochRecord[] = [];
  return {
    onEpoch(record) {
      if (recent.length <= mostRecords) recent.push(record);
    },
    isDue: () => performance.now() >= due,
    async take(checkpoint) {
      const begun = performance.now();
      // What was said of the snapshot before may never have been heard.
      records = [...records, ...recent];
      if (records.length > mostRecords) records = [];
      await using files = await openRunFiles(filesFolder, () => checkFence(order));
      await saveState(files, runId, chain, checkpoint, { ...notes(), records }, () => onWork());
      const { epoch, executor = "onnx" } = checkpoint.state;
      onSnapshot({ epochs: epoch, artifacts: await files.publish(), executor });
      records = recent;
      recent = [];
      const now = performance.now();
      due = now + Math.max(milliseconds, mostShare * (now - begun));
    },
  };
}
