/** Text that is no value: a whole sentence each. */
export interface TextFault {
  readonly message: string;
  readonly remedy: string;
}
