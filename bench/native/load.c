// The load generator of bench/load.ts again, in C: what it says and waits for is the same, at a third of the processor time that it takes from the
// cores it shares with the servers it measures. One thread, one epoll, each connection a row of steps that ends with a message or with QUIT.
//   load PORT CONNECTIONS PER_CONNECTION MESSAGES OCTETS TAG USER PASSWORD FROM
// prints the JSON object that bench/load.ts prints.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum step { GREETING, PLAIN_EHLO, STARTTLS, HANDSHAKE, EHLO, AUTH, COMMANDS, CONTENT, QUIT };

struct connection {
  int fd;
  SSL *tls;
  enum step step;
  int sent, awaited;
  double started_at;
  char in[8192];
  size_t in_length;
  char *out;
  size_t out_length, out_at;
};

static struct {
  int port, connections, per_connection, messages, octets;
  const char *tag, *user, *password, *from;
} load;
static SSL_CTX *context;
static int poller, next_message, accepted, errors, open_connections;
static double *latencies;
static char *filler, auth_line[1024], commands[1024];
static size_t filler_length;

static double now_ms(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void complain(const char *what, size_t length) {
  if (++errors < 4) fprintf(stderr, "%.*s\n", (int)length, what);
  // A server that takes nothing would be dialled without end.
  if (errors > 3 * load.messages + 10) exit(1);
}

static void watch(struct connection *one, int how, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = one};
  if (epoll_ctl(poller, how, one->fd, &event) < 0) die("epoll_ctl");
}

static void dial(struct connection *one) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(load.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (one->fd < 0) die("socket");
  setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (connect(one->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
  one->tls = NULL;
  one->step = GREETING;
  one->sent = 0;
  one->awaited = 1;
  one->in_length = one->out_length = one->out_at = 0;
  open_connections += 1;
  watch(one, EPOLL_CTL_ADD, EPOLLIN);
}

/** Closes; dials again while messages are left, as a worker of bench/load.ts does. */
static void end(struct connection *one) {
  if (one->tls != NULL) SSL_free(one->tls);
  ERR_clear_error();
  close(one->fd);
  open_connections -= 1;
  if (next_message < load.messages) dial(one);
}

static int would_wait(struct connection *one, int result) {
  if (one->tls == NULL) return errno == EAGAIN || errno == EINTR;
  int why = SSL_get_error(one->tls, result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/** 0 when the connection is lost. */
static int flush(struct connection *one) {
  while (one->out_at < one->out_length) {
    char *from = one->out + one->out_at;
    size_t length = one->out_length - one->out_at;
    int written = one->tls ? SSL_write(one->tls, from, length) : (int)send(one->fd, from, length, MSG_NOSIGNAL);
    if (written > 0) one->out_at += written;
    else if (!would_wait(one, written)) return 0;
    else return watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT), 1;
  }
  return 1;
}

static int say(struct connection *one, enum step step, const char *text, size_t length) {
  memcpy(one->out, text, length);
  one->step = step;
  one->awaited = 1;
  one->out_length = length;
  one->out_at = 0;
  return flush(one);
}

static int say_text(struct connection *one, enum step step, const char *text) {
  return say(one, step, text, strlen(text));
}

static int next_or_quit(struct connection *one) {
  if (one->sent >= load.per_connection || next_message >= load.messages) return say_text(one, QUIT, "QUIT\r\n");
  one->sent += 1;
  next_message += 1;
  one->started_at = now_ms();
  int alive = say_text(one, COMMANDS, commands);
  one->awaited = 3;
  return alive;
}

static int say_content(struct connection *one) {
  // Numbers need not be those of their turns: each is given once.
  static int number;
  size_t length = snprintf(one->out, 1024, "From: <%s>\r\nTo: <x@far.example>\r\nSubject: bench\r\nX-Bench: %s-%d\r\n\r\n", load.from, load.tag, ++number);
  memcpy(one->out + length, filler, filler_length);
  one->step = CONTENT;
  one->awaited = 1;
  one->out_length = length + filler_length;
  one->out_at = 0;
  return flush(one);
}

static int shake(struct connection *one) {
  int result = SSL_connect(one->tls);
  if (result != 1) return would_wait(one, result);
  return say_text(one, EHLO, "EHLO bench.example.net\r\n");
}

static int start_tls(struct connection *one) {
  one->tls = SSL_new(context);
  SSL_set_fd(one->tls, one->fd);
  SSL_set_tlsext_host_name(one->tls, "localhost");
  one->step = HANDSHAKE;
  one->awaited = 0;
  return shake(one);
}

/** Behind the last line of the replies that the step waits for; 0 ends the connection. */
static int answered(struct connection *one, const char *reply, size_t length) {
  switch (one->step) {
    case GREETING: return say_text(one, PLAIN_EHLO, "EHLO bench.example.net\r\n");
    case PLAIN_EHLO: return say_text(one, STARTTLS, "STARTTLS\r\n");
    case STARTTLS: return start_tls(one);
    case EHLO: return say_text(one, AUTH, auth_line);
    case AUTH:
      if (strncmp(reply, "235", 3) != 0) complain(reply, length);
      return next_or_quit(one);
    case COMMANDS:
      if (strncmp(reply, "354", 3) == 0) return say_content(one);
      complain(reply, length);
      return say_text(one, QUIT, "QUIT\r\n");
    case CONTENT:
      if (strncmp(reply, "250", 3) == 0) latencies[accepted++] = now_ms() - one->started_at;
      else complain(reply, length);
      return next_or_quit(one);
    default: return 0;
  }
}

/** Takes whole lines; what a next step said meanwhile reads on from what is left. */
static int take_lines(struct connection *one) {
  char *line = one->in, *end_of_line;
  size_t left = one->in_length;
  while (left > 0 && (end_of_line = memchr(line, '\n', left)) != NULL) {
    size_t length = end_of_line - line + 1;
    int last_of_reply = length > 4 && line[3] != '-';
    if (last_of_reply && --one->awaited == 0 && !answered(one, line, length)) return 0;
    line += length;
    left -= length;
  }
  if (left == sizeof one->in) return 0;
  memmove(one->in, line, left);
  one->in_length = left;
  return 1;
}

static int receive(struct connection *one) {
  for (;;) {
    if (one->step == HANDSHAKE) {
      if (!shake(one)) return 0;
      if (one->step == HANDSHAKE) return 1;
    }
    char *to = one->in + one->in_length;
    size_t room = sizeof one->in - one->in_length;
    int got = one->tls ? SSL_read(one->tls, to, room) : (int)recv(one->fd, to, room, 0);
    if (got <= 0) return got < 0 || one->tls ? would_wait(one, got) : 0;
    one->in_length += got;
    if (!take_lines(one)) return 0;
    if (one->tls == NULL || (one->step != HANDSHAKE && SSL_pending(one->tls) == 0 && (size_t)got < room)) return 1;
  }
}

static void turn(struct connection *one, uint32_t events) {
  if (events & EPOLLOUT) {
    watch(one, EPOLL_CTL_MOD, EPOLLIN);
    if (!flush(one)) {
      complain("a connection was lost", 21);
      return end(one);
    }
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || receive(one)) return;
  if (one->step != QUIT) complain("a connection was lost", 21);
  end(one);
}

static void prepare(void) {
  size_t lines = load.octets / 78 > 0 ? load.octets / 78 : 1;
  filler = malloc(lines * 78 + 3);
  for (size_t at = 0; at < lines; at += 1) {
    memset(filler + at * 78, 'x', 76);
    memcpy(filler + at * 78 + 76, "\r\n", 2);
  }
  memcpy(filler + lines * 78, ".\r\n", 3);
  filler_length = lines * 78 + 3;
  char plain[512];
  unsigned char encoded[720];
  int length = snprintf(plain, sizeof plain, "%c%s%c%s", 0, load.user, 0, load.password);
  EVP_EncodeBlock(encoded, (unsigned char *)plain, length);
  snprintf(auth_line, sizeof auth_line, "AUTH PLAIN %s\r\n", (char *)encoded);
  snprintf(commands, sizeof commands, "MAIL FROM:<%s>\r\nRCPT TO:<x@far.example>\r\nDATA\r\n", load.from);
  latencies = calloc(load.messages, sizeof *latencies);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static int ascending(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static double at_share(double share) {
  return accepted == 0 ? 0 : latencies[(int)(accepted * share)];
}

static void report(double seconds) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  qsort(latencies, accepted, sizeof *latencies, ascending);
  printf("{\"accepted\":%d,\"errors\":%d,\"seconds\":%.2f,\"perSecond\":%.0f,\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"generatorCpuSeconds\":%.3f}\n",
         accepted, errors, seconds, accepted / seconds, at_share(0.5), at_share(0.99), cpu);
}

int main(int count, char **words) {
  if (count != 10) {
    fprintf(stderr, "usage: %s PORT CONNECTIONS PER_CONNECTION MESSAGES OCTETS TAG USER PASSWORD FROM\n", words[0]);
    return 64;
  }
  int *numbers[] = {&load.port, &load.connections, &load.per_connection, &load.messages, &load.octets};
  const char **texts[] = {&load.tag, &load.user, &load.password, &load.from};
  for (int at = 0; at < 5; at += 1) *numbers[at] = atoi(words[1 + at]);
  for (int at = 0; at < 4; at += 1) *texts[at] = words[6 + at];
  signal(SIGPIPE, SIG_IGN);
  prepare();
  poller = epoll_create1(0);
  double started_at = now_ms();
  for (int at = 0; at < load.connections; at += 1) {
    struct connection *one = calloc(1, sizeof *one);
    one->out = malloc(filler_length + 1024);
    dial(one);
  }
  struct epoll_event ready[64];
  while (open_connections > 0) {
    int many = epoll_wait(poller, ready, 64, -1);
    for (int at = 0; at < many; at += 1) turn(ready[at].data.ptr, ready[at].events);
  }
  report((now_ms() - started_at) / 1000);
  return 0;
}
