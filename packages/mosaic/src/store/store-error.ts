import { CodedError } from "@ml-mosaic/base";

export type StoreErrorCode =
  | "STORE_BUSY"
  | "STORE_CANNOT_OPEN"
  | "STORE_CLAIMED"
  | "STORE_CLAIM_LOST"
  | "STORE_CLOSED"
  | "STORE_CORRUPT"
  | "STORE_DISK_FULL"
  | "STORE_FOLDER_MISSING"
  | "STORE_FOREIGN_DATABASE"
  | "STORE_IO"
  | "STORE_LEASE_LOST"
  | "STORE_MIGRATIONS_MISSING"
  | "STORE_MISSING"
  | "STORE_NETWORK_FILE_SYSTEM"
  | "STORE_NEWER_SCHEMA"
  | "STORE_NO_PERMISSION"
  | "STORE_NOT_A_DATABASE"
  | "STORE_NOT_A_FILE"
  | "STORE_REQUEST"
  | "STORE_RUN_STATE"
  | "STORE_SQL";

export class StoreError extends CodedError<StoreErrorCode> {}
