/**
 * What asks a program to end in order, besides Ctrl-C: `kill`, a terminal that was closed, Ctrl-\, a scheduler whose time for
 * a job runs out (as Slurm is told to with `--signal`), processor time that is used up.
 */
export const stopSignals = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGXCPU"] as const;
