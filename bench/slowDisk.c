/* Makes reads of slides slow: every read of a file whose name ends in .tif sleeps SLOW_DISK_US microseconds first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_slide(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length > 4 && memcmp(path + length - 4, ".tif", 4) == 0;
}

static void wait_for_disk(int descriptor) {
  static int microseconds = -1;
  if (microseconds < 0) microseconds = atoi(getenv("SLOW_DISK_US") ? getenv("SLOW_DISK_US") : "0");
  if (microseconds > 0 && is_slide(descriptor)) usleep(microseconds);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t read(int fd, void *to, size_t bytes) { REAL(read); wait_for_disk(fd); return real(fd, to, bytes); }
ssize_t pread(int fd, void *to, size_t bytes, off_t at) { REAL(pread); wait_for_disk(fd); return real(fd, to, bytes, at); }
ssize_t pread64(int fd, void *to, size_t bytes, off64_t at) { REAL(pread64); wait_for_disk(fd); return real(fd, to, bytes, at); }
size_t fread(void *to, size_t size, size_t count, FILE *file) { REAL(fread); wait_for_disk(fileno(file)); return real(to, size, count, file); }
