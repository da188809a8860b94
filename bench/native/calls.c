// Runs a program and prints the name of each of its functions when it is called for the first time: calls FUNCTIONS PROGRAM ARGUMENT…
// FUNCTIONS has a line "offset-in-the-file name" for each, sorted by offset. Every function begins with a breakpoint, which is taken away when it
// is met. SIGUSR1 sets all of them again, and prints an empty line. See bench/order.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned char breakpoint = 0xCC;

struct function {
  uint64_t address;
  unsigned char begin;
  int is_set;
  char *name;
};

static struct function *functions;
static size_t count;
static volatile sig_atomic_t again;

static void on_again(int signal) { again = signal; }

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void read_functions(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) die(path);
  uint64_t offset;
  char *name;
  while (fscanf(file, "%" SCNx64 " %ms", &offset, &name) == 2) {
    functions = realloc(functions, (count + 1) * sizeof *functions);
    functions[count++] = (struct function){.address = offset, .name = name};
  }
  fclose(file);
}

// Where the program's first byte is.
static uint64_t base_of(pid_t process, const char *program) {
  char path[64], line[4096], real[4096];
  if (!realpath(program, real)) die(program);
  snprintf(path, sizeof path, "/proc/%d/maps", process);
  FILE *file = fopen(path, "r");
  if (!file) die(path);
  uint64_t base = 0;
  while (!base && fgets(line, sizeof line, file)) {
    if (strstr(line, real)) base = strtoull(line, NULL, 16);
  }
  fclose(file);
  return base;
}

static void set_all(int memory) {
  for (size_t i = 0; i < count; i++) {
    struct function *function = &functions[i];
    if (!function->is_set && pread(memory, &function->begin, 1, function->address) == 1) {
      function->is_set = pwrite(memory, &breakpoint, 1, function->address) == 1;
    }
  }
}

static int compare(const void *address, const void *function) {
  uint64_t left = *(const uint64_t *)address, right = ((const struct function *)function)->address;
  return left < right ? -1 : left > right;
}

// Whether a thread has met one of the breakpoints: then it goes on as if there were none.
static int meet(pid_t thread, int memory) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, thread, 0, &registers) < 0) return 0;
  uint64_t address = registers.rip - 1;
  struct function *function = bsearch(&address, functions, count, sizeof *functions, compare);
  if (!function) return 0;
  if (function->is_set) {
    function->is_set = 0;
    if (pwrite(memory, &function->begin, 1, address) != 1) die("write");
    puts(function->name);
  }
  registers.rip = address;
  ptrace(PTRACE_SETREGS, thread, 0, &registers);
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  read_functions(argv[1]);
  pid_t process = fork();
  if (process == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(argv[2], argv + 2);
    die(argv[2]);
  }
  int status;
  if (waitpid(process, &status, 0) < 0 || !WIFSTOPPED(status)) return 1;
  ptrace(PTRACE_SETOPTIONS, process, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  uint64_t base = base_of(process, argv[2]);
  for (size_t i = 0; i < count; i++) functions[i].address += base;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", process);
  int memory = open(path, O_RDWR);
  if (memory < 0) die(path);
  set_all(memory);
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_again}, NULL);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  ptrace(PTRACE_CONT, process, 0, 0);
  for (;;) {
    if (again) {
      again = 0;
      puts("");
      set_all(memory);
    }
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    if (!WIFSTOPPED(status)) {
      if (thread == process) return 0;
      continue;
    }
    int signal = WSTOPSIG(status);
    // A new thread begins with a stop of its own, and its parent tells of it with another.
    int is_ours = status >> 16 != 0 || signal == SIGSTOP || (signal == SIGTRAP && meet(thread, memory));
    ptrace(PTRACE_CONT, thread, 0, is_ours ? 0 : signal);
  }
}
