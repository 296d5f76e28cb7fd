/** A user's own query. A read-only connection alone is not enough: `VACUUM INTO` and `ATTACH` make files from one. */
import { constants, DatabaseSync } from "node:sqlite";
import { bytesText, wholeText } from "@ml-mosaic/base";
import { StoreError } from "./store-error.ts";
import { numberIn } from "./stored-value.ts";

const allowedActions: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);

/** Functions of SQLite that load code, or change how it works. */
const forbiddenFunctions: ReadonlySet<string> = new Set(["load_extension", "fts3_tokenizer"]);

/** One stretch of what says nothing: spaces, semicolons, a comment. */
const blank = /[\s;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;

/** The text from its first word on. */
function skipBlanks(sql: string): string {
  blank.lastIndex = 0;
  let start = 0;
  while (blank.test(sql)) start = blank.lastIndex;
  return sql.slice(start);
}

/**
 * Carries out one SELECT on the database file and returns its first column. The query may be endless: see
 * `boundedRequest`.
 */
export function requestFrom(location: string, sql: string, mostRows: number): readonly number[] {
  const [word = ""] = skipBlanks(sql).split(/\W/, 1);
  if (skipBlanks(sql) === "") throw requestRefused("it is empty");
  // EXPLAIN passes the authorizer, and gives numbers that are no ids.
  if (!["SELECT", "WITH", "VALUES"].includes(word.toUpperCase())) throw requestRefused(`it starts with "${word}"`);
  const database = new DatabaseSync(location, { readOnly: true, timeout: 10_000 });
  try {
    // What it sorts and gathers counts as memory, and fills no disk.
    database.exec("PRAGMA temp_store = MEMORY");
    let denied: string | undefined;
    database.setAuthorizer((action, _table, name) => {
      if (action === constants.SQLITE_FUNCTION ? !isForbidden(name) : allowedActions.has(action))
        return constants.SQLITE_OK;
      denied ??= action === constants.SQLITE_FUNCTION ? `the function ${name}` : actionName(action);
      return constants.SQLITE_DENY;
    });
    return firstColumn(database, sql, mostRows, () => denied);
  } finally {
    database.close();
  }
}

function firstColumn(
  database: DatabaseSync,
  sql: string,
  mostRows: number,
  denied: () => string | undefined,
): readonly number[] {
  try {
    const statement = database.prepare(sql);
    // SQLite compiles the first statement and leaves the rest, which Node does not tell of.
    if (skipBlanks(sql.slice(statement.sourceSQL.length)) !== "")
      throw requestRefused("a second statement follows the first one");
    const [column] = statement.columns();
    if (column === undefined) throw requestRefused("it returns nothing");
    statement.setReturnArrays(true);
    // As numbers those above 2^53 would be an error of Node's.
    statement.setReadBigInts(true);
    const ids: number[] = [];
    for (const row of statement.iterate()) {
      const value = Object.values(row)[0];
      const id = value === undefined ? null : numberIn({ value }, "value");
      if (id === null || !Number.isSafeInteger(id))
        throw requestRefused(`its first column, ${column.name}, has ${describe(value)}, which is no run id`);
      if (ids.length === mostRows) throw requestRefused(`it gives more than ${wholeText(mostRows)} rows`);
      ids.push(id);
    }
    return ids;
  } catch (error) {
    if (error instanceof StoreError || !(error instanceof Error)) throw error;
    const action = denied();
    if (action !== undefined) throw requestRefused(`${action} is not allowed in it`, { cause: error });
    // Whatever is wrong with the file itself has its own message.
    if (!("errcode" in error) || !requestErrors.has(error.errcode)) throw error;
    throw requestRefused(`SQLite says: ${error.message}`, { cause: error });
  }
}

/** SQLITE_ERROR (wrong SQL, unknown tables and columns), SQLITE_NOMEM, SQLITE_TOOBIG. */
const requestErrors: ReadonlySet<unknown> = new Set([1, 7, 18]);

function isForbidden(name: string | null): boolean {
  return name === null || forbiddenFunctions.has(name.toLowerCase());
}

/** A value in a few characters, however long it is. */
function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `${bytesText(value.length)} of bytes`;
  if (typeof value === "string" && value.length > mostShown) return `${JSON.stringify(value.slice(0, mostShown))}…`;
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

const mostShown = 60;

function actionName(action: number): string {
  const found = Object.entries(constants).find(([name, code]) => code === action && /^SQLITE_[A-Z]{3}/.test(name));
  return found === undefined ? "what it does" : found[0].replace("SQLITE_", "").replaceAll("_", " ");
}

export function requestRefused(reason: string, options?: ErrorOptions): StoreError {
  const message = `the request is refused: ${reason}. Write one SELECT whose first column are run ids, as in "SELECT run_id FROM run_results WHERE test_loss < 0.1"`;
  return new StoreError("STORE_REQUEST", message, options);
}
