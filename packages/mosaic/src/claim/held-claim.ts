/** A claim for as long as its supervisor lives: it shows that it does, and looks whether another has taken over. */
import { type Claim, type Claiming, holderOf, readClaim, type TakenClaim, takeClaim, writeClaim } from "./claim.ts";
import { repeat } from "./repeat.ts";

const beatMilliseconds = 5000;

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

export async function holdClaim(folder: string, holding: Holding): Promise<HeldClaim> {
  const taken = await takeClaim(folder, holding);
  let { claim } = taken;
  const other = async (): Promise<Claim | undefined> => {
    const now = await readClaim(folder);
    return now === undefined || now.id === claim.id ? undefined : now;
  };
  const beating = repeat(
    async () => {
      const now = await other();
      if (now !== undefined) return holding.lost(holderOf(now));
      claim = { ...claim, beat: claim.beat + 1 };
      await writeClaim(folder, claim);
    },
    beatMilliseconds,
    holding.onTrouble,
  );
  return {
    ...taken,
    isOurs: async () => (await other()) === undefined,
    async release(state) {
      await beating.stop();
      if ((await other()) === undefined) await writeClaim(folder, { ...claim, state, beat: claim.beat + 1 });
    },
  };
}
