export { BigsfError, type BigsfErrorCode } from "./errors.ts";
