/**
 * A database on a file system that several machines share. SQLite works on a file of this machine, and whole copies of it are
 * put in the database's place, at least once a minute and at the end: what reads it reads one of them.
 */
import { basename, dirname, join } from "node:path";
import { makeFolder } from "@ml-mosaic/base";
import { type HeldClaim, holdClaim } from "../claim/held-claim.ts";
import { Publisher } from "./publisher.ts";
import type { Lease, LeaseWishes } from "./records.ts";
import { SqliteStore, type SqliteWriterConnection } from "./sqlite-store.ts";
import { StoreError } from "./store-error.ts";
import { markWorkingFile, prepareWorkingFile, removeWorkingFile, takeOverCopy, workingFileOf } from "./working-file.ts";

export interface PublishedConnection extends SqliteWriterConnection {
  readonly publisher: Publisher;
  readonly held: HeldClaim;
}

export class PublishedStore extends SqliteStore {
  readonly #publisher: Publisher;
  readonly #held: HeldClaim;
  #beforeFirst: Promise<void> | undefined;

  constructor(connection: PublishedConnection) {
    super(connection);
    this.#publisher = connection.publisher;
    this.#held = connection.held;
  }

  override published(now = false): Promise<void> {
    return now ? this.#publisher.publish() : this.#publisher.next();
  }

  /** Whatever is ever handed out is in a copy, so that another owner knows it. */
  override async leaseNextRuns(
    experimentId: number,
    worker: string,
    most: number,
    wishes?: LeaseWishes,
  ): Promise<readonly Lease[]> {
    this.#beforeFirst ??= this.published(true);
    await this.#beforeFirst;
    return super.leaseNextRuns(experimentId, worker, most, wishes);
  }

  /** Another owner has come: nothing is written any more. */
  lose(): void {
    if (this.database.isOpen) this.database.exec("DELETE FROM writer_claim");
  }

  override async close(): Promise<void> {
    if (!this.database.isOpen) return;
    await this.#publisher.stop();
    try {
      await super.close();
      await this.#publisher.close();
      if (await this.#held.isOurs()) await removeWorkingFile(this.file);
    } finally {
      await this.#held.release("left");
    }
  }
}

/** The claims of a database's owners lie beside it. */
export function claimFolderOf(location: string): string {
  return join(dirname(location), `.${basename(location)}.owners`);
}

/** For how long an owner on another machine is watched that may be dead: changes show a minute late. */
const watchMilliseconds = 150_000;

/**
 * @param openAt opens the working file; it is made where there is none
 * @throws StoreError where another owner lives
 */
export async function openPublishedStore(
  location: string,
  say: (line: string) => void,
  openAt: (file: string, make: (connection: SqliteWriterConnection) => PublishedStore) => Promise<PublishedStore>,
): Promise<PublishedStore> {
  const file = await workingFileOf(location);
  let store: PublishedStore | undefined;
  let isLost = false;
  await makeFolder(claimFolderOf(location));
  const held = await holdClaim(claimFolderOf(location), {
    watchMilliseconds,
    what: location,
    say,
    refuse: (holder) =>
      new StoreError(
        "STORE_CLAIMED",
        `${location} is being written by ${holder}: wait until it has finished, or stop it`,
      ),
    lost() {
      isLost = true;
      store?.lose();
    },
    onTrouble: (error) =>
      say(`${claimFolderOf(location)} cannot be written to, which is tried again: ${String(error)}`),
  });
  try {
    if (await prepareWorkingFile(file, location, held.before?.id)) takeOverCopy(file, held.claim.number);
    await markWorkingFile(file, held.claim.id);
    store = await openAt(file, (connection) => {
      const publisher = new Publisher({ file, location, isOurs: held.isOurs, say });
      const hasTakenOver = connection.recoveredRuns > 0 || held.before?.state === "open";
      return new PublishedStore({ ...connection, hasTakenOver, publisher, held });
    });
    // While it was being opened.
    if (isLost) store.lose();
    return store;
  } catch (error) {
    await held.release("left");
    throw error;
  }
}
