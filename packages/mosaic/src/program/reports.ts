/**
 * What a program says of its training: lines such as `{"mosaic": 1, "epoch": 3, "train_loss": 0.2, "test_loss": 0.3}`. Of an
 * epoch that it reports twice the later figures count, so that a program may go back to where it has saved.
 */
import { messageOf, nearestName } from "@ml-mosaic/base";
import type { EpochRecord, Figures } from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import { readValue } from "../wire/values.ts";

/** A longer line is output, whatever it says: it may never end. */
const mostLineLetters = 1_000_000;

const version = 1;
const losses = ["train_loss", "test_loss"] as const;
/** A metric without a set is one of the test set; of these that is no matter of course. */
const setless: readonly string[] = ["loss", "acc"];
/** What every epoch may have besides metrics. */
const known: readonly string[] = ["mosaic", "epoch", ...losses, "train_acc", "test_acc", "lr", "nb_params"];

/** Cuts what comes into lines; what stands behind the last line end is one at the end. */
export class Lines {
  readonly #take: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #isTooLong = false;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  add(bytes: Uint8Array): void {
    this.#addText(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#addText(`${this.#decoder.decode()}\n`);
  }

  #addText(text: string): void {
    const [first = "", ...others] = text.split("\n");
    this.#grow(first);
    for (const other of others) {
      if (!this.#isTooLong && this.#rest !== "") this.#take(this.#rest);
      this.#rest = "";
      this.#isTooLong = false;
      this.#grow(other);
    }
  }

  #grow(text: string): void {
    if (this.#isTooLong || text === "") return;
    this.#rest += text;
    if (this.#rest.length <= mostLineLetters) return;
    this.#isTooLong = true;
    this.#rest = "";
  }
}

type Report = Readonly<Record<string, number>>;

/** The reports of one run. */
export class Reports {
  readonly #byEpoch = new Map<number, { figures: Report; seconds: number }>();
  readonly #lr: number;
  readonly #changed = new Set<number>();
  #last = 0;
  #lastTime = performance.now();

  /**
   * @param lr learning rate where reports do not say it
   * @param earlier epochs of the run before it went on
   */
  constructor(lr: number, earlier: readonly EpochRecord[] = []) {
    this.#lr = lr;
    for (const record of earlier)
      this.#byEpoch.set(record.epoch, { figures: figuresOf(record), seconds: record.seconds });
  }

  /**
   * Takes a line of output. What is no report is none of our business.
   *
   * @returns the epoch that it tells of; undefined where it is no report
   * @throws MosaicError that says what is wrong with a report
   */
  take(line: string): number | undefined {
    const report = parseReport(line);
    if (report === undefined) return undefined;
    const { epoch, ...figures } = checkedReport(report, line);
    const now = performance.now();
    const before = this.#byEpoch.get(epoch);
    const isSame = epoch === this.#last;
    const seconds = (now - this.#lastTime) / 1000 + (isSame ? (before?.seconds ?? 0) : 0);
    this.#byEpoch.set(epoch, { figures: isSame ? { ...before?.figures, ...figures } : figures, seconds });
    this.#lastTime = now;
    this.#last = epoch;
    this.#changed.add(epoch);
    return epoch;
  }

  /** Epochs that have changed since the last call and have what every epoch must have. */
  changed(): readonly EpochRecord[] {
    const records = this.whole().filter(({ epoch }) => this.#changed.has(epoch));
    for (const { epoch } of records) this.#changed.delete(epoch);
    return records;
  }

  /** In their order, as far as they have both losses. */
  whole(): readonly EpochRecord[] {
    return this.#epochs()
      .filter((epoch) => this.#missing(epoch).length === 0)
      .map((epoch) => this.#record(epoch));
  }

  /**
   * All epochs in their order.
   *
   * @throws MosaicError where one lacks a loss
   */
  history(): readonly EpochRecord[] {
    for (const epoch of this.#epochs()) {
      const missing = this.#missing(epoch);
      if (missing.length > 0)
        throw new MosaicError(
          "BAD_REPORT",
          `epoch ${epoch} was reported without ${missing.join(" and ")}: report both losses of every epoch, which runs are compared by`,
        );
    }
    return this.whole();
  }

  #epochs(): readonly number[] {
    return [...this.#byEpoch.keys()].sort((one, other) => one - other);
  }

  #missing(epoch: number): readonly string[] {
    return losses.filter((name) => this.#byEpoch.get(epoch)?.figures[name] === undefined);
  }

  /** The last number of parameters that was reported. */
  get parameterCount(): number | null {
    return this.#byEpoch.values().reduce<number | null>((last, { figures }) => figures.nb_params ?? last, null);
  }

  #record(epoch: number): EpochRecord {
    const { figures = {}, seconds = 0 } = this.#byEpoch.get(epoch) ?? {};
    const { train_loss = Number.NaN, test_loss = Number.NaN, train_acc, test_acc, lr = this.#lr } = figures;
    const others = Object.entries(figures).filter(([name]) => !known.includes(name));
    const ofSet = (prefix: string): Figures =>
      Object.fromEntries(
        others.flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
      );
    return {
      epoch,
      lr,
      trainLoss: train_loss,
      validLoss: test_loss,
      trainAccuracy: train_acc,
      validAccuracy: test_acc,
      trainMetrics: ofSet("train_"),
      metrics: ofSet("test_"),
      seconds,
    };
  }
}

function figuresOf({
  lr,
  trainLoss,
  validLoss,
  trainAccuracy,
  validAccuracy,
  trainMetrics = {},
  metrics,
}: EpochRecord) {
  const named = (prefix: string, figures: Figures) =>
    Object.entries(figures).map(([name, value]) => [`${prefix}${name}`, value] as const);
  const figures: Record<string, number> = Object.fromEntries([
    ...named("train_", trainMetrics),
    ...named("test_", metrics),
  ]);
  const columns = {
    lr,
    train_loss: trainLoss,
    test_loss: validLoss,
    train_acc: trainAccuracy,
    test_acc: validAccuracy,
  };
  for (const [name, value] of Object.entries(columns)) if (value !== undefined) figures[name] = value;
  return figures;
}

/** A line that begins so is meant as a report, whatever follows. */
const meant = /^\s*\{\s*"mosaic"\s*:/;
/** One may also stand behind something that has no line end, such as a progress bar. */
const within = /\{\s*"mosaic"\s*:.*\}\s*$/;
/** Texts, and between them the numbers of Python that JSON does not have. */
const pythonNumbers = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

function parseReport(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.includes('"mosaic"')) return undefined;
  const written = /^\s*\{/.test(line) ? line : within.exec(line)?.[0];
  if (written === undefined) return undefined;
  const text = written.replace(pythonNumbers, (found) => (found.startsWith('"') ? found : `{"$number":"${found}"}`));
  try {
    const report: Readonly<Record<string, unknown>> = Object(readValue(text));
    return Object.hasOwn(report, "mosaic") ? report : undefined;
  } catch (error) {
    if (!meant.test(line)) return undefined;
    throw badReport(line, `is not JSON (${messageOf(error)}): write it in one line and at once, as json.dumps does`);
  }
}

/** Figures that are null, as None is, are left out. */
function checkedReport(
  { mosaic, ...fields }: Readonly<Record<string, unknown>>,
  line: string,
): Report & { epoch: number } {
  if (mosaic !== version)
    throw badReport(line, `has "mosaic": ${JSON.stringify(mosaic)}; this version reads "mosaic": ${version}`);
  const { epoch } = fields;
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || epoch < 1) {
    const near = nearestName("epoch", Object.keys(fields));
    const meantBy = epoch === undefined && near !== undefined ? ` (is it meant by "${near}"?)` : "";
    throw badReport(line, `needs an epoch, a whole number from 1${meantBy}`);
  }
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    if (typeof value !== "boolean" && typeof value !== "number" && typeof value !== "bigint")
      throw badReport(line, `has ${name}, which must be a number, not ${JSON.stringify(value)?.slice(0, 60)}`);
    const number = Number(value);
    if (name === "nb_params" && (!Number.isSafeInteger(number) || number < 0))
      throw badReport(line, `has nb_params, which must be a whole number, not ${number}`);
    if (setless.includes(name))
      throw badReport(line, `has ${name}, which does not say of which set: name it train_${name} or test_${name}`);
    const figure = known.includes(name) || /^(train|test)_/.test(name) ? name : `test_${name}`;
    if (figure !== name && (fields[figure] ?? null) !== null)
      throw badReport(line, `has ${name} and ${figure}, which are one figure: leave one out`);
    figures[figure] = number;
  }
  return { ...figures, epoch };
}

function badReport(line: string, what: string): MosaicError {
  return new MosaicError("BAD_REPORT", `the report ${line.trim().slice(0, 200)} ${what}`);
}
