// The next hop of bench/sink.ts again, in C: takes everything, counts each numbered message once. One thread, one epoll.
//   sink PORT          prints "ready", then {"unique":n,"duplicates":n} for each line on stdin; ends with it

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "220 sink ESMTP\r\n"
#define EHLO_REPLY \
  "250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
#define CONTENT_END "\r\n.\r\n"
#define NUMBER "\nX-Bench: "
#define IN_MAX (4u << 20)

struct hop {
  int fd, in_content;
  char *in;
  size_t length, room;
  /** Of the content that waits for its end: searched so far. */
  size_t searched;
};

static uint64_t *seen;
static size_t seen_room = 1 << 16, unique, duplicates;

static void die(const char *what) {
  perror(what);
  exit(1);
}

/** FNV-1a; 0 means an empty place. */
static uint64_t hash_of(const char *text, size_t length) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t at = 0; at < length; at += 1) hash = (hash ^ (unsigned char)text[at]) * 0x100000001b3u;
  return hash == 0 ? 1 : hash;
}

static int enter(uint64_t hash) {
  size_t at = hash & (seen_room - 1);
  while (seen[at] != 0 && seen[at] != hash) at = (at + 1) & (seen_room - 1);
  if (seen[at] == hash) return 0;
  seen[at] = hash;
  return 1;
}

static void grow(void) {
  uint64_t *old = seen;
  size_t old_room = seen_room;
  seen_room *= 2;
  seen = calloc(seen_room, sizeof *seen);
  for (size_t at = 0; at < old_room; at += 1)
    if (old[at] != 0) enter(old[at]);
  free(old);
}

static void count(const char *message, size_t length) {
  char *number = memmem(message, length, NUMBER, strlen(NUMBER));
  if (number == NULL) return;
  number += strlen(NUMBER);
  char *end = memchr(number, '\r', message + length - number);
  if (end == NULL) return;
  if (!enter(hash_of(number, end - number))) duplicates += 1;
  else if (++unique * 2 > seen_room) grow();
}

/** What to say to one command. */
static const char *reply_to(struct hop *hop, const char *command) {
  if (strncasecmp(command, "EHLO", 4) == 0) return EHLO_REPLY;
  if (strncasecmp(command, "DATA", 4) == 0) return hop->in_content = 1, "354 go\r\n";
  if (strncasecmp(command, "QUIT", 4) == 0) return "221 2.0.0 bye\r\n";
  return "250 2.1.0 ok\r\n";
}

/** The end of the next command or content in what is there, NULL when it is not whole. */
static char *next_end(struct hop *hop, char *from, size_t left) {
  if (!hop->in_content) {
    char *end = memchr(from, '\n', left);
    return end == NULL ? NULL : end + 1;
  }
  char *end = memmem(from + hop->searched, left - hop->searched, CONTENT_END, strlen(CONTENT_END));
  if (end == NULL) hop->searched = left < strlen(CONTENT_END) ? 0 : left - strlen(CONTENT_END) + 1;
  return end == NULL ? NULL : end + strlen(CONTENT_END);
}

/** 0 ends the connection. */
static int take(struct hop *hop) {
  char replies[1 << 16], *from = hop->in, *end;
  size_t left = hop->length, said = 0;
  int quit = 0;
  while (!quit && said < sizeof replies - 256 && (end = next_end(hop, from, left)) != NULL) {
    const char *reply = "250 2.0.0 ok\r\n";
    if (hop->in_content) {
      count(from, end - from);
      hop->in_content = hop->searched = 0;
    } else {
      quit = strncasecmp(from, "QUIT", 4) == 0;
      reply = reply_to(hop, from);
    }
    said += snprintf(replies + said, sizeof replies - said, "%s", reply);
    left -= end - from;
    from = end;
  }
  memmove(hop->in, from, left);
  hop->length = left;
  return (said == 0 || send(hop->fd, replies, said, MSG_NOSIGNAL) == (ssize_t)said) && !quit;
}

static int receive(struct hop *hop) {
  if (hop->length == hop->room) {
    if (hop->room >= IN_MAX) return 0;
    hop->in = realloc(hop->in, hop->room *= 2);
  }
  ssize_t got = recv(hop->fd, hop->in + hop->length, hop->room - hop->length, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  hop->length += got;
  return take(hop);
}

static void welcome(int poller, int listener) {
  struct hop *hop = calloc(1, sizeof *hop);
  hop->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (hop->fd < 0) return free(hop);
  setsockopt(hop->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  hop->in = malloc(hop->room = 1 << 16);
  send(hop->fd, GREETING, strlen(GREETING), MSG_NOSIGNAL);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = hop};
  epoll_ctl(poller, EPOLL_CTL_ADD, hop->fd, &event);
}

static void leave(struct hop *hop) {
  close(hop->fd);
  free(hop->in);
  free(hop);
}

static void tell(void) {
  char line[256];
  if (read(0, line, sizeof line) <= 0) exit(0);
  printf("{\"unique\":%zu,\"duplicates\":%zu}\n", unique, duplicates);
  fflush(stdout);
}

int main(int argument_count, char **words) {
  if (argument_count != 2) {
    fprintf(stderr, "usage: %s PORT\n", words[0]);
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  seen = calloc(seen_room, sizeof *seen);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 511) < 0) die("listen");
  int poller = epoll_create1(0), input = 0;
  struct epoll_event of_listener = {.events = EPOLLIN, .data.ptr = &listener};
  struct epoll_event of_input = {.events = EPOLLIN, .data.ptr = &input};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &of_listener);
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &of_input);
  puts("ready");
  fflush(stdout);
  struct epoll_event ready[64];
  for (;;) {
    int many = epoll_wait(poller, ready, 64, -1);
    for (int one = 0; one < many; one += 1) {
      void *whose = ready[one].data.ptr;
      if (whose == &listener) welcome(poller, listener);
      else if (whose == &input) tell();
      else if (!receive(whose)) leave(whose);
    }
  }
}
