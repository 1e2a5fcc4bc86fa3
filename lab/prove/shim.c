/* Preloaded into one process: its writes, fsyncs and renames below some paths fail, or it is killed before the n-th of them.
   PROVE_PATHS  prefixes, colon separated      PROVE_EXIT_AT  killed before this one
   PROVE_EVERY  each n-th fsync fails          PROVE_WHILE    only while this file exists */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long steps, syncs;

static int below(const char *path) {
  const char *prefix = getenv("PROVE_PATHS");
  while (prefix && *prefix) {
    size_t length = strcspn(prefix, ":");
    if (strncmp(path, prefix, length) == 0) return 1;
    prefix += length + (prefix[length] == ':');
  }
  return 0;
}

/* Nonzero: the call shall fail. */
static int step(const char *path, int is_sync) {
  if (!below(path)) return 0;
  const char *flag = getenv("PROVE_WHILE");
  if (flag && access(flag, F_OK) != 0) return 0;
  const char *at = getenv("PROVE_EXIT_AT");
  if (at && atomic_fetch_add(&steps, 1) + 1 == atol(at)) kill(getpid(), SIGKILL);
  const char *every = getenv("PROVE_EVERY");
  if (!every || !is_sync || (atomic_fetch_add(&syncs, 1) + 1) % atol(every) != 0) return 0;
  errno = EIO;
  return 1;
}

static int step_fd(int fd, int is_sync) {
  char link[64], path[PATH_MAX];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0) return 0;
  path[length] = 0;
  return step(path, is_sync);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

int fsync(int fd) { REAL(int, "fsync", int); return step_fd(fd, 1) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return step_fd(fd, 1) ? -1 : real(fd); }
ssize_t write(int fd, const void *data, size_t size) { REAL(ssize_t, "write", int, const void *, size_t); return step_fd(fd, 0) ? -1 : real(fd, data, size); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t); return step_fd(fd, 0) ? -1 : real(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { REAL(ssize_t, "writev", int, const struct iovec *, int); return step_fd(fd, 0) ? -1 : real(fd, parts, count); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t); return step_fd(fd, 0) ? -1 : real(fd, parts, count, at); }
int rename(const char *from, const char *to) { REAL(int, "rename", const char *, const char *); return step(to, 0) ? -1 : real(from, to); }
