/** What one page is of: the runs of a database, maps of another program, or both. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { ExperimentInfo } from "../wire/experiment.ts";
import { encodePlane } from "../wire/maps.ts";
import { BoardDatabase, type BoardFacts } from "./board-database.ts";
import type { MapSource } from "./map-source.ts";
import { MapsFollower } from "./maps-follower.ts";
import { Refused } from "./refused.ts";
import { RegisteredMaps } from "./registered-maps.ts";

export interface ShownMaps {
  readonly source: MapSource;
  readonly follower: MapsFollower;
}

export interface Subject {
  /** Of the database or folder. */
  readonly location: string;
  readonly database: BoardDatabase | undefined;
  /** Of the program that the page is of. */
  readonly maps: ShownMaps | undefined;
  /** Of packages that the database's runs are made of. */
  readonly registered: RegisteredMaps | undefined;
}

/** What another program knows of a database or folder; undefined where that is nothing. */
export type MapsOf = (location: string) => Promise<MapSource | undefined>;

export async function openSubject(location: string, mapsOf: MapsOf | undefined): Promise<Subject> {
  const isFolder = statSync(location, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const source = await mapsOf?.(location);
  const database = isFolder && source !== undefined ? undefined : await BoardDatabase.open(location);
  const registered = mapsOf === undefined && database !== undefined ? new RegisteredMaps(database.reader) : undefined;
  await registered?.look();
  return {
    location,
    database,
    maps: source === undefined ? undefined : { source, follower: new MapsFollower(source) },
    registered,
  };
}

export async function closeSubject({ database, maps, registered }: Subject): Promise<void> {
  await registered?.close();
  await database?.close();
  maps?.follower.close();
  await maps?.source.close();
}

/** What a page of maps alone knows before it shows any. */
async function mapsExperiment({ location, maps }: Subject, { databases }: BoardFacts): Promise<ExperimentInfo> {
  await maps?.follower.catchUp();
  return {
    title: basename(location),
    databases,
    notices: [],
    counts: {},
    runs: 0,
    standing: { state: "finished", text: "", goOn: null },
    columns: [],
    series: [],
    criterion: "",
    mayControl: false,
    isLive: true,
    secondsLeft: null,
    exportNote: null,
    shows: ["maps"],
    cursor: maps?.follower.cursor ?? "",
  };
}

/** Answers to what is asked about maps, or of a page that has nothing else; undefined for all other questions. */
export async function answerAboutMaps(
  subject: Subject,
  facts: BoardFacts,
  { name, rest }: { readonly name: string; readonly rest: string },
): Promise<unknown> {
  const { database, maps, registered } = subject;
  if (name === "experiment") await registered?.look();
  const source = maps?.source ?? registered?.source;
  if (name === "maps") return source?.info();
  if (name === "map" && source !== undefined) {
    const plane = await source.plane(rest);
    if (plane === undefined) throw new Refused(404, { message: "there is no such map" });
    return encodePlane(plane);
  }
  if (name !== "experiment") return undefined;
  if (database === undefined) return mapsExperiment(subject, facts);
  const { notices, shows, ...info } = await database.info(facts);
  return {
    ...info,
    notices: [...notices, ...(registered?.notices ?? [])],
    shows: source === undefined ? shows : ["runs", "maps"],
  };
}
