/** A claim for as long as its supervisor lives: it shows that it does, and looks whether another has taken over. */
import { type Claiming, holderOf, lastNumber, readClaim, type TakenClaim, takeClaim, writeClaim } from "./claim.ts";
import { repeat } from "./repeat.ts";

const usualBeatMilliseconds = 5000;

export interface HeldClaim extends TakenClaim {
  /** Whether nobody has taken over, as far as this machine sees. */
  isOurs(): Promise<boolean>;
  /** Another may have the folder, at once. */
  release(state: "left" | "over"): Promise<void>;
}

export interface Holding extends Claiming {
  /** Told once when another supervisor has taken over. @param holder who it is */
  readonly lost: (holder: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

export async function holdClaim(
  folder: string,
  holding: Holding,
  beatMilliseconds = usualBeatMilliseconds,
): Promise<HeldClaim> {
  const taken = await takeClaim(folder, holding);
  let { claim } = taken;
  // The newer claim need not be readable right now: that it is there decides.
  const isOurs = async () => (await lastNumber(folder)) <= claim.number;
  const beating = repeat(
    async () => {
      if (await isOurs()) {
        claim = { ...claim, beat: claim.beat + 1 };
        await writeClaim(folder, claim);
      } else {
        const other = await readClaim(folder);
        holding.lost(other === undefined ? "whose claim cannot be read now" : holderOf(other));
        void beating.stop();
      }
    },
    beatMilliseconds,
    holding.onTrouble,
  );
  return {
    ...taken,
    isOurs,
    async release(state) {
      await beating.stop();
      if (await isOurs()) await writeClaim(folder, { ...claim, state, beat: claim.beat + 1 });
    },
  };
}
