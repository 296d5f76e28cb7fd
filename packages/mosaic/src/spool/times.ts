/** A network file system shows changes up to a minute late: only a silence that is longer says that somebody is gone. */
export const watchMilliseconds = 150_000;
