/*
 * A file system that shows a directory and answers each request late, as storage at the other end of a network does.
 *
 *   slowfs SHOWN MICROSECONDS COUNTS MOUNTPOINT [stale]
 *
 * With `stale` the kernel believes for 3 s, too, that a name is not there: what another mount of SHOWN makes is seen that late.
 *
 * Stays in the foreground until it is unmounted; then it writes to COUNTS how many requests there were of each kind, a line each
 * ("lookup 12"), and all together ("total 34"). Requests are counted and delayed in one place, before libfuse sees them, so none is
 * forgotten. What the kernel does not wait for (forget, release) costs nothing. It has no O_TMPFILE, as NFS has none.
 *
 *   cc -O2 -pthread slowfs.c -o slowfs $(pkg-config --cflags --libs fuse3)
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 35
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 64, KINDS = 64 };
/* Seconds for which the kernel may believe what it was told, as an NFS client does. */
static const double BELIEVED = 3.0;

static const char *const kinds[KINDS] = {
    [FUSE_LOOKUP] = "lookup",     [FUSE_GETATTR] = "getattr",   [FUSE_SETATTR] = "setattr",       [FUSE_READLINK] = "readlink",
    [FUSE_SYMLINK] = "symlink",   [FUSE_MKNOD] = "mknod",       [FUSE_MKDIR] = "mkdir",           [FUSE_UNLINK] = "unlink",
    [FUSE_RMDIR] = "rmdir",       [FUSE_RENAME] = "rename",     [FUSE_RENAME2] = "rename",        [FUSE_LINK] = "link",
    [FUSE_OPEN] = "open",         [FUSE_READ] = "read",         [FUSE_WRITE] = "write",           [FUSE_STATFS] = "statfs",
    [FUSE_FSYNC] = "fsync",       [FUSE_SETXATTR] = "setxattr", [FUSE_GETXATTR] = "getxattr",     [FUSE_LISTXATTR] = "listxattr",
    [FUSE_FLUSH] = "flush",       [FUSE_OPENDIR] = "opendir",   [FUSE_READDIR] = "readdir",       [FUSE_FSYNCDIR] = "fsyncdir",
    [FUSE_CREATE] = "create",     [FUSE_REMOVEXATTR] = "removexattr",
};
static atomic_long counts[KINDS];
static struct timespec delay;
static int is_stale;

/* What the kernel holds: one for each file of the shown directory, found again by device and inode, so that links are one file. */
struct file {
  dev_t dev;
  ino_t ino;
  int fd;
  unsigned long known;
};
static struct file top = {.fd = -1, .known = 1};
static void *files;
static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;

static int compare(const void *a, const void *b) {
  const struct file *x = a, *y = b;
  if (x->ino != y->ino) return x->ino < y->ino ? -1 : 1;
  return x->dev < y->dev ? -1 : x->dev > y->dev;
}

static struct file *file_of(fuse_ino_t ino) { return ino == FUSE_ROOT_ID ? &top : (struct file *)ino; }
static int fd_of(fuse_ino_t ino) { return file_of(ino)->fd; }

/* The way to what a descriptor stands for: an O_PATH one takes no other calls. */
struct way {
  char text[32];
};
static struct way way_to(fuse_ino_t ino) {
  struct way way;
  snprintf(way.text, sizeof way.text, "/proc/self/fd/%d", fd_of(ino));
  return way;
}

static int look(fuse_ino_t parent, const char *name, struct fuse_entry_param *entry) {
  *entry = (struct fuse_entry_param){.attr_timeout = BELIEVED, .entry_timeout = BELIEVED};
  int fd = openat(fd_of(parent), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno;
  if (fstatat(fd, "", &entry->attr, AT_EMPTY_PATH) != 0) {
    int error = errno;
    close(fd);
    return error;
  }
  struct file *new = malloc(sizeof *new);
  *new = (struct file){.dev = entry->attr.st_dev, .ino = entry->attr.st_ino, .fd = fd};
  pthread_mutex_lock(&files_lock);
  struct file *found = *(struct file **)tsearch(new, &files, compare);
  found->known++;
  pthread_mutex_unlock(&files_lock);
  if (found != new) {
    close(fd);
    free(new);
  }
  entry->ino = (fuse_ino_t)found;
  return 0;
}

static void forget(fuse_ino_t ino, uint64_t times) {
  struct file *file = file_of(ino);
  if (file == &top) return;
  pthread_mutex_lock(&files_lock);
  file->known -= times;
  int gone = file->known == 0;
  if (gone) tdelete(file, &files, compare);
  pthread_mutex_unlock(&files_lock);
  if (!gone) return;
  close(file->fd);
  free(file);
}

static void answer(fuse_req_t request, int result) { fuse_reply_err(request, result < 0 ? errno : 0); }

static void answer_entry(fuse_req_t request, fuse_ino_t parent, const char *name, int result) {
  struct fuse_entry_param entry;
  int error = result < 0 ? errno : look(parent, name, &entry);
  if (error != 0) fuse_reply_err(request, error);
  else fuse_reply_entry(request, &entry);
}

static void on_init(void *data, struct fuse_conn_info *connection) {
  (void)data;
  connection->max_write = 1 << 20;
  connection->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
  struct fuse_entry_param entry;
  int error = look(parent, name, &entry);
  if (error != 0 && !(error == ENOENT && is_stale)) return (void)fuse_reply_err(request, error);
  /* A number of 0 says that there is nothing. */
  fuse_reply_entry(request, &entry);
}

static void on_forget(fuse_req_t request, fuse_ino_t ino, uint64_t times) {
  forget(ino, times);
  fuse_reply_none(request);
}

static void on_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *which) {
  for (size_t i = 0; i < count; i++) forget(which[i].ino, which[i].nlookup);
  fuse_reply_none(request);
}

static void on_getattr(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  (void)open_file;
  struct stat stat;
  if (fstatat(fd_of(ino), "", &stat, AT_EMPTY_PATH) != 0) fuse_reply_err(request, errno);
  else fuse_reply_attr(request, &stat, BELIEVED);
}

static int set_times(fuse_ino_t ino, const struct stat *wanted, int which) {
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
  if (which & FUSE_SET_ATTR_ATIME) times[0] = wanted->st_atim;
  if (which & FUSE_SET_ATTR_MTIME) times[1] = wanted->st_mtim;
  if (which & FUSE_SET_ATTR_ATIME_NOW) times[0].tv_nsec = UTIME_NOW;
  if (which & FUSE_SET_ATTR_MTIME_NOW) times[1].tv_nsec = UTIME_NOW;
  return utimensat(fd_of(ino), "", times, AT_EMPTY_PATH);
}

static int set_attributes(fuse_ino_t ino, const struct stat *wanted, int which) {
  struct way way = way_to(ino);
  if (which & FUSE_SET_ATTR_MODE && chmod(way.text, wanted->st_mode) != 0) return -1;
  if (which & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) {
    uid_t uid = which & FUSE_SET_ATTR_UID ? wanted->st_uid : (uid_t)-1;
    gid_t gid = which & FUSE_SET_ATTR_GID ? wanted->st_gid : (gid_t)-1;
    if (fchownat(fd_of(ino), "", uid, gid, AT_EMPTY_PATH) != 0) return -1;
  }
  if (which & FUSE_SET_ATTR_SIZE && truncate(way.text, wanted->st_size) != 0) return -1;
  if (which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)) return set_times(ino, wanted, which);
  return 0;
}

static void on_setattr(fuse_req_t request, fuse_ino_t ino, struct stat *wanted, int which, struct fuse_file_info *open_file) {
  if (set_attributes(ino, wanted, which) != 0) fuse_reply_err(request, errno);
  else on_getattr(request, ino, open_file);
}

static void on_readlink(fuse_req_t request, fuse_ino_t ino) {
  char target[4096 + 1];
  ssize_t length = readlinkat(fd_of(ino), "", target, sizeof target - 1);
  if (length < 0) return (void)fuse_reply_err(request, errno);
  target[length] = 0;
  fuse_reply_readlink(request, target);
}

static void on_symlink(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name) {
  answer_entry(request, parent, name, symlinkat(target, fd_of(parent), name));
}

static void on_mknod(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, dev_t device) {
  answer_entry(request, parent, name, mknodat(fd_of(parent), name, mode, device));
}

static void on_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode) {
  answer_entry(request, parent, name, mkdirat(fd_of(parent), name, mode));
}

static void on_unlink(fuse_req_t request, fuse_ino_t parent, const char *name) {
  answer(request, unlinkat(fd_of(parent), name, 0));
}

static void on_rmdir(fuse_req_t request, fuse_ino_t parent, const char *name) {
  answer(request, unlinkat(fd_of(parent), name, AT_REMOVEDIR));
}

static void on_rename(fuse_req_t request, fuse_ino_t parent, const char *name, fuse_ino_t to, const char *as, unsigned flags) {
  answer(request, renameat2(fd_of(parent), name, fd_of(to), as, flags));
}

static void on_link(fuse_req_t request, fuse_ino_t ino, fuse_ino_t parent, const char *name) {
  struct way way = way_to(ino);
  answer_entry(request, parent, name, linkat(AT_FDCWD, way.text, fd_of(parent), name, AT_SYMLINK_FOLLOW));
}

static void on_open(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  struct way way = way_to(ino);
  int fd = open(way.text, (open_file->flags & ~O_NOFOLLOW) | O_CLOEXEC);
  if (fd < 0) return (void)fuse_reply_err(request, errno);
  open_file->fh = (uint64_t)fd;
  fuse_reply_open(request, open_file);
}

static void on_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *open_file) {
  int fd = openat(fd_of(parent), name, (open_file->flags & ~O_NOFOLLOW) | O_CREAT | O_CLOEXEC, mode);
  if (fd < 0) return (void)fuse_reply_err(request, errno);
  struct fuse_entry_param entry;
  int error = look(parent, name, &entry);
  open_file->fh = (uint64_t)fd;
  if (error == 0) return (void)fuse_reply_create(request, &entry, open_file);
  close(fd);
  fuse_reply_err(request, error);
}

static void on_read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t from, struct fuse_file_info *open_file) {
  (void)ino;
  struct fuse_bufvec data = FUSE_BUFVEC_INIT(size);
  data.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
  data.buf[0].fd = (int)open_file->fh;
  data.buf[0].pos = from;
  fuse_reply_data(request, &data, FUSE_BUF_SPLICE_MOVE);
}

static void on_write(fuse_req_t request, fuse_ino_t ino, const char *data, size_t size, off_t at, struct fuse_file_info *open_file) {
  (void)ino;
  ssize_t written = pwrite((int)open_file->fh, data, size, at);
  if (written < 0) fuse_reply_err(request, errno);
  else fuse_reply_write(request, (size_t)written);
}

static void on_flush(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  (void)ino;
  answer(request, close(dup((int)open_file->fh)));
}

static void on_release(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  (void)ino;
  answer(request, close((int)open_file->fh));
}

static void on_fsync(fuse_req_t request, fuse_ino_t ino, int data_only, struct fuse_file_info *open_file) {
  (void)ino;
  answer(request, data_only ? fdatasync((int)open_file->fh) : fsync((int)open_file->fh));
}

static void on_opendir(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  int fd = openat(fd_of(ino), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) return (void)fuse_reply_err(request, errno);
  open_file->fh = (uint64_t)(uintptr_t)directory;
  fuse_reply_open(request, open_file);
}

static void on_readdir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t from, struct fuse_file_info *open_file) {
  (void)ino;
  DIR *directory = (DIR *)(uintptr_t)open_file->fh;
  char *buffer = malloc(size);
  size_t used = 0;
  seekdir(directory, from);
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    struct stat stat = {.st_ino = entry->d_ino, .st_mode = (mode_t)DTTOIF(entry->d_type)};
    size_t needed = fuse_add_direntry(request, buffer + used, size - used, entry->d_name, &stat, telldir(directory));
    if (needed > size - used) break;
    used += needed;
  }
  fuse_reply_buf(request, buffer, used);
  free(buffer);
}

static void on_releasedir(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *open_file) {
  (void)ino;
  answer(request, closedir((DIR *)(uintptr_t)open_file->fh));
}

static void on_fsyncdir(fuse_req_t request, fuse_ino_t ino, int data_only, struct fuse_file_info *open_file) {
  (void)ino;
  (void)data_only;
  answer(request, fsync(dirfd((DIR *)(uintptr_t)open_file->fh)));
}

static void on_statfs(fuse_req_t request, fuse_ino_t ino) {
  struct statvfs space;
  if (fstatvfs(fd_of(ino), &space) != 0) fuse_reply_err(request, errno);
  else fuse_reply_statfs(request, &space);
}

/* A size of 0 asks how much there is. */
static void answer_attribute(fuse_req_t request, const char *value, ssize_t length, size_t size) {
  if (length < 0) fuse_reply_err(request, errno);
  else if (size == 0) fuse_reply_xattr(request, (size_t)length);
  else fuse_reply_buf(request, value, (size_t)length);
}

static void on_getxattr(fuse_req_t request, fuse_ino_t ino, const char *name, size_t size) {
  struct way way = way_to(ino);
  char *value = malloc(size + 1);
  answer_attribute(request, value, getxattr(way.text, name, value, size), size);
  free(value);
}

static void on_listxattr(fuse_req_t request, fuse_ino_t ino, size_t size) {
  struct way way = way_to(ino);
  char *value = malloc(size + 1);
  answer_attribute(request, value, listxattr(way.text, value, size), size);
  free(value);
}

static void on_setxattr(fuse_req_t request, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags) {
  answer(request, setxattr(way_to(ino).text, name, value, size, flags));
}

static void on_removexattr(fuse_req_t request, fuse_ino_t ino, const char *name) {
  answer(request, removexattr(way_to(ino).text, name));
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init,         .lookup = on_lookup,         .forget = on_forget,       .forget_multi = on_forget_multi,
    .getattr = on_getattr,   .setattr = on_setattr,       .readlink = on_readlink,   .symlink = on_symlink,
    .mknod = on_mknod,       .mkdir = on_mkdir,           .unlink = on_unlink,       .rmdir = on_rmdir,
    .rename = on_rename,     .link = on_link,             .open = on_open,           .create = on_create,
    .read = on_read,         .write = on_write,           .flush = on_flush,         .release = on_release,
    .fsync = on_fsync,       .opendir = on_opendir,       .readdir = on_readdir,     .releasedir = on_releasedir,
    .fsyncdir = on_fsyncdir, .statfs = on_statfs,         .getxattr = on_getxattr,   .listxattr = on_listxattr,
    .setxattr = on_setxattr, .removexattr = on_removexattr,
};

static void *serve(void *argument) {
  struct fuse_session *session = argument;
  struct fuse_buf buffer = {0};
  while (!fuse_session_exited(session)) {
    int length = fuse_session_receive_buf(session, &buffer);
    if (length == -EINTR) continue;
    if (length <= 0) break;
    uint32_t kind = ((const struct fuse_in_header *)buffer.mem)->opcode;
    if (kind < KINDS && kinds[kind] != NULL) {
      counts[kind]++;
      nanosleep(&delay, NULL);
    }
    fuse_session_process_buf(session, &buffer);
  }
  free(buffer.mem);
  fuse_session_exit(session);
  return NULL;
}

static int write_counts(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) return perror(path), 1;
  long total = 0;
  for (int kind = 0; kind < KINDS; kind++) {
    total += counts[kind];
    if (counts[kind] > 0) fprintf(file, "%s %ld\n", kinds[kind], (long)counts[kind]);
  }
  fprintf(file, "total %ld\n", total);
  return fclose(file) == 0 ? 0 : 1;
}

int main(int count, char **arguments) {
  is_stale = count == 6 && strcmp(arguments[5], "stale") == 0;
  if (count != 5 && !is_stale) return fprintf(stderr, "usage: %s SHOWN MICROSECONDS COUNTS MOUNTPOINT [stale]\n", arguments[0]), 2;
  long microseconds = atol(arguments[2]);
  delay = (struct timespec){.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
  umask(0);
  top.fd = open(arguments[1], O_PATH | O_DIRECTORY);
  if (top.fd < 0) return perror(arguments[1]), 1;
  char *options[] = {arguments[0], "-o", "default_permissions,fsname=slowfs", NULL};
  struct fuse_args args = FUSE_ARGS_INIT(3, options);
  struct fuse_session *session = fuse_session_new(&args, &operations, sizeof operations, NULL);
  if (session == NULL || fuse_session_mount(session, arguments[4]) != 0) return 1;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, serve, session);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  return write_counts(arguments[3]);
}
