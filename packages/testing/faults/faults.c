/*
 * Makes the n-th call of a command to the system fail, or kills the process at it, counted over all its processes:
 *
 *   cc -shared -fPIC -O2 faults.c -o faults.so -ldl
 *   LD_PRELOAD=./faults.so FAULT_STATE=state FAULT_MATCH=folder FAULT_AT=7 FAULT_ERROR=5 command
 *
 * FAULT_MATCH  counted is what concerns a path, or a "socket:", with one of these parts (separated by "|") in it
 * FAULT_CALL   counted is this call only, such as fsync
 * FAULT_PATH   counted are paths of this pattern only, as of a shell
 * FAULT_FROM   counted is what comes with the first path of this pattern, and after it
 * FAULT_AT     the call that fails; 0: none, they are counted and written down
 * FAULT_STICKY all later ones fail too
 * FAULT_ERROR  number of the error; 0: SIGKILL instead
 * FAULT_STATE  a file that the processes share: the count and the number of hits as 8 bytes each, what was hit as text
 *              in 4072 bytes, and whether counting has begun in 8; 8 bytes for the length of the calls that were counted, and these, one a line
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct state { long count; long hits; char hit[4072]; long begun; char calls[]; };
static struct state *state;
/* Of the calls that are written down. */
static long room;
static long *written;
static const char *match, *only, *pattern, *from;
static long at;
static int sticky, code;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FAULT_STATE");
  match = getenv("FAULT_MATCH");
  if (!file || !match) return;
  only = getenv("FAULT_CALL");
  pattern = getenv("FAULT_PATH");
  from = getenv("FAULT_FROM");
  at = atol(getenv("FAULT_AT") ?: "0");
  sticky = getenv("FAULT_STICKY") != NULL;
  code = atoi(getenv("FAULT_ERROR") ?: "5");
  int fd = syscall(SYS_openat, AT_FDCWD, file, O_RDWR, 0);
  if (fd < 0) return;
  long size = syscall(SYS_lseek, fd, 0, SEEK_END);
  void *map = (void *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (map == MAP_FAILED) return;
  state = map;
  written = (long *)state->calls;
  room = size - (long)sizeof(struct state) - (long)sizeof(long);
}

static void write_down(const char *call, const char *path) {
  char line[8300];
  long length = snprintf(line, sizeof line, "%s %s\n", call, path);
  long start = __sync_fetch_and_add(written, length);
  if (start + length <= room) memcpy(state->calls + sizeof(long) + start, line, length);
}

static int concerns(const char *path) {
  const char *part = match;
  while (*part) {
    size_t length = strcspn(part, "|");
    if (length > 0 && memmem(path, strlen(path), part, length)) return 1;
    part += length + (part[length] == '|');
  }
  return 0;
}

/* Whether this call is to fail; errno is set then. */
static int call_fails(const char *call, const char *path, int is_fd) {
  if (!state || !path || (only && strcmp(only, call))) return 0;
  char whole[8192];
  if (path[0] != '/' && !is_fd) {
    char here[4096];
    if (syscall(SYS_getcwd, here, sizeof here) < 0) return 0;
    snprintf(whole, sizeof whole, "%s/%s", here, path);
    path = whole;
  }
  if (!concerns(path) || (pattern && fnmatch(pattern, path, 0))) return 0;
  if (from && !state->begun) {
    if (fnmatch(from, path, 0)) return 0;
    state->begun = 1;
  }
  long number = __sync_add_and_fetch(&state->count, 1);
  if (at == 0) write_down(call, path);
  if (at == 0 || !(number == at || (sticky && number > at))) return 0;
  if (__sync_add_and_fetch(&state->hits, 1) == 1) snprintf(state->hit, sizeof state->hit, "%s %s", call, path);
  if (code == 0) {
    kill(getpid(), SIGKILL);
    pause();
  }
  errno = code;
  return 1;
}

static int fails(const char *call, const char *path) { return call_fails(call, path, 0); }

static int fd_fails(const char *call, int fd) {
  if (!state || fd < 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int saved = errno;
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length <= 0) return 0;
  path[length] = 0;
  /* Not of a path are such as "socket:[7]" and "anon_inode:[eventfd]". */
  return call_fails(call, path, 1);
}

#define REAL(type, name, signature) static type(*real) signature; if (!real) real = (type(*) signature)dlsym(RTLD_NEXT, #name);
#define OF_FD(type, name, signature, fd, ...) type name signature { REAL(type, name, signature) if (fd_fails(#name, fd)) return -1; return real(__VA_ARGS__); }
#define OF_PATH(type, name, signature, path, failed, ...) type name signature { REAL(type, name, signature) if (fails(#name, path)) return failed; return real(__VA_ARGS__); }

OF_FD(ssize_t, read, (int fd, void *to, size_t size), fd, fd, to, size)
OF_FD(ssize_t, readv, (int fd, const struct iovec *to, int count), fd, fd, to, count)
OF_FD(ssize_t, pread64, (int fd, void *to, size_t size, off64_t offset), fd, fd, to, size, offset)
OF_FD(ssize_t, write, (int fd, const void *from, size_t size), fd, fd, from, size)
OF_FD(ssize_t, writev, (int fd, const struct iovec *from, int count), fd, fd, from, count)
OF_FD(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t offset), fd, fd, from, size, offset)
OF_FD(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), fd, fd, message, flags)
OF_FD(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags), fd, fd, messages, count, flags)
OF_FD(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t size), to, to, from, offset, size)
OF_FD(int, fsync, (int fd), fd, fd)
OF_FD(int, fdatasync, (int fd), fd, fd)
OF_FD(int, ftruncate64, (int fd, off64_t size), fd, fd, size)
OF_FD(int, fchmod, (int fd, mode_t mode), fd, fd, mode)
OF_PATH(int, rename, (const char *from, const char *to), to, -1, from, to)
OF_PATH(int, link, (const char *from, const char *to), to, -1, from, to)
OF_PATH(int, symlink, (const char *from, const char *to), to, -1, from, to)
OF_PATH(int, unlink, (const char *path), path, -1, path)
OF_PATH(int, rmdir, (const char *path), path, -1, path)
OF_PATH(int, mkdir, (const char *path, mode_t mode), path, -1, path, mode)
OF_PATH(char *, mkdtemp, (char *path), path, NULL, path)
OF_PATH(int, chmod, (const char *path, mode_t mode), path, -1, path, mode)
OF_PATH(int, access, (const char *path, int mode), path, -1, path, mode)
OF_PATH(int, scandir64, (const char *path, struct dirent64 ***to, int (*filter)(const struct dirent64 *), int (*compare)(const struct dirent64 **, const struct dirent64 **)), path, -1, path, to, filter, compare)
OF_PATH(int, scandir, (const char *path, struct dirent ***to, int (*filter)(const struct dirent *), int (*compare)(const struct dirent **, const struct dirent **)), path, -1, path, to, filter, compare)
OF_PATH(DIR *, opendir, (const char *path), path, NULL, path)

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset) {
  REAL(void *, mmap64, (void *, size_t, int, int, int, off64_t))
  if (fd >= 0 && fd_fails("mmap", fd)) return MAP_FAILED;
  return real(address, size, protection, flags, fd, offset);
}

/* Locks alone: other requests are of the process. */
int fcntl64(int fd, int request, ...) {
  REAL(int, fcntl64, (int, int, ...))
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if ((request == F_SETLK || request == F_SETLKW) && fd_fails("fcntl", fd)) return -1;
  return real(fd, request, argument);
}

/* What a call is to do with the file tells which errors it may meet. */
static const char *opening(int flags) {
  return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? "open:create" : flags & O_ACCMODE ? "open:write" : "open";
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
  REAL(int, name, (const char *, int, ...)) \
  mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
  if (fails(opening(flags), path)) return -1; \
  return real(path, flags, mode); }
OPEN(open)
OPEN(open64)

int openat(int folder, const char *path, int flags, ...) {
  REAL(int, openat, (int, const char *, int, ...))
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
  if (fails(opening(flags), path)) return -1;
  return real(folder, path, flags, mode);
}

/* By number: so Node looks at files. */
long syscall(long number, ...) {
  REAL(long, syscall, (long, ...))
  long given[6];
  va_list rest;
  va_start(rest, number);
  for (int index = 0; index < 6; index++) given[index] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_statx && state) {
    const char *path = (const char *)given[1];
    if (path && *path ? fails("statx", path) : fd_fails("statx", (int)given[0])) return -1;
  }
  return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
